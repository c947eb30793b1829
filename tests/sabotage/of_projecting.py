"""Guards of the projector: each event is folded once, whoever else folds, dies or is overtaken."""

from tests.sabotage.guard import guard
from tests.sabotage.removals import always, edited

PROJECTOR = "tests/integration/test_projector.py::"
MEMORY = "tests/integration/test_projector_memory.py::"
REBUILD = "tests/integration/test_rebuild.py::"
OVERTAKEN = PROJECTOR + "test_a_projector_that_was_overtaken_rolls_back_and_stands_where_the_database_says"
STILL_WRITTEN = MEMORY + "test_states_that_are_still_being_written_are_not_read_from_the_database"
ROLLED_BACK = MEMORY + "test_what_was_rolled_back_is_folded_once"

GUARDS = [
    guard(
        "fence",
        "파티션을 잃은 프로세스가 계속 더하는 것 / one that no longer owns a partition goes on adding",
        edited("shared.delivery.projector:MOVE", " and o.next = moved.expected"),
        OVERTAKEN,
    ),
    guard(
        "marks",
        "다시 온 사건이 두 번 합산되는 것 / an event that is delivered again is added again",
        edited("shared.delivery.marks:Marks.new", "continue", "pass"),
        PROJECTOR + "test_an_event_delivered_twice_is_folded_once",
    ),
    guard(
        "marks-are-kept",
        "다시 시작하면 무엇을 접었는지 잊는 것 / after a restart nobody knows what was folded",
        always("shared.delivery.marks:Marks.save", None),
        PROJECTOR + "test_a_late_number_of_a_subject_is_folded_whenever_it_comes",
    ),
    guard(
        "marks-forgotten-with-the-rollback",
        "되돌린 사건을 접은 것으로 여겨 잃는 것 / what was rolled back counts as folded, and is lost",
        edited("shared.delivery.folding:Folding.forget", "self.marks.clear()", "pass"),
        ROLLED_BACK,
    ),
    guard(
        "states-forgotten-with-the-rollback",
        "되돌린 사건이 기억에 남아 두 번 합산되는 것 / what was rolled back stays in memory, and is added again",
        edited("shared.delivery.folding:Folding.forget", "collector.forget()", "pass"),
        ROLLED_BACK,
    ),
    guard(
        "states-kept-while-written",
        "아직 쓰는 중인 행을 옛 값으로 다시 읽는 것 / a row that is still being written is read again as it was before",
        edited("shared.delivery.projection:Rows.load", "for key in self.handed", "for key in ()"),
        STILL_WRITTEN,
    ),
    guard(
        "marks-kept-while-written",
        "아직 쓰는 중인 표시를 잊는 것 / what is being marked as folded is forgotten",
        edited("shared.delivery.marks:Marks.load", "= self.of_handed()", "= {}, {}"),
        STILL_WRITTEN,
    ),
    guard(
        "states-forgotten-with-the-swap",
        "다시 만든 행을 옛 기억으로 덮어쓰는 것 / rebuilt rows are overwritten from an older memory",
        edited("shared.delivery.projector:MOVE", "o.epoch = $5", "$5::bigint is not null"),
        REBUILD + "test_a_swap_makes_the_running_projector_forget_what_it_held_in_memory",
        kafka=True,
    ),
    guard(
        "projector-seek",
        "되돌린 묶음을 지나치는 것 / a batch that was rolled back is passed over",
        edited("shared.delivery.projector:Projector.resync", "kafka.seek(at, stored[at])", "pass"),
        OVERTAKEN,
    ),
    guard(
        "fetched-before-the-seek",
        "되돌린 묶음보다 먼저, 그 뒤의 묶음이 반영되는 것 / what came after a batch that was rolled back overtakes it, and it is lost",
        edited("shared.delivery.projector:Projector.resync", "self.life = object()", "pass"),
        MEMORY + "test_what_comes_while_the_database_is_asked_again_does_not_overtake_what_was_rolled_back",
    ),
    guard(
        "columns-of-one-topic",
        "두 토픽이 먹이는 행에서 한쪽을 잃는 것 / of two topics that feed one row, one is lost",
        edited(
            "shared.delivery.projection:RowProjection.collectors",
            "Rows(self, topic, columns)",
            "Rows(self, topic, None)",
        ),
        PROJECTOR + "test_two_topics_of_one_case_can_be_folded_at_once",
    ),
]
