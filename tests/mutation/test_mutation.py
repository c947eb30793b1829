"""A sample of mutation testing: one small file, another one each day."""

import os
import sys
from datetime import UTC, datetime

import pytest

from tests.mutation import report
from tests.mutation.judges import MESSAGING, OF_MESSAGING, mutated_files
from tests.mutation.mutants import PYTHON, Mutant
from tests.mutation.survivors import judge, listed
from tests.sources import ROOT

SMALL = 130  # lines: a file of so many takes one to three minutes on two cores


@pytest.fixture
def sample() -> str:
    """Return a file by the date; IEUM_MUTATION_SAMPLE names one instead."""
    small = [
        path for path in listed() if len((ROOT / path).read_text(encoding="utf-8").splitlines()) <= SMALL
    ]
    return os.environ.get("IEUM_MUTATION_SAMPLE") or small[datetime.now(UTC).toordinal() % len(small)]


@pytest.mark.mutation
@pytest.mark.skipif(not PYTHON.exists(), reason="`make proof` prepares the environment of mutmut")
def test_every_mutant_of_the_sample_is_noticed_or_listed(
    sample: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        sys.stderr.write(f"\nmutation sample: {sample} (again: IEUM_MUTATION_SAMPLE={sample})\n")

    verdict, text = report.check(sample)

    assert verdict.ok, text


def test_listed_survivors_are_of_files_that_exist() -> None:
    assert set(listed()) <= set(mutated_files())


def test_every_file_of_messaging_is_mutated() -> None:
    files = {path.stem for path in (ROOT / MESSAGING).glob("*.py")}

    assert set(OF_MESSAGING) == files - {"__init__"}
    assert all((ROOT / test).is_file() for judges in OF_MESSAGING.values() for test in judges.tests)


def a_mutant(old: str, new: str) -> Mutant:
    return Mutant("domain.py", "rule", old, new)


def test_an_unlisted_survivor_and_a_listed_mutant_that_does_not_survive_are_reported() -> None:
    survivor, listed_one = a_mutant("a < b", "a <= b"), a_mutant("a + b", "a - b")

    verdict = judge([survivor], [listed_one])

    assert (verdict.unlisted, verdict.stale, verdict.ok) == ([survivor], [listed_one], False)
    assert judge([survivor], [survivor]).ok


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('ko="없습니다.",', "ko=None,"),
        ('en="The case is closed.",', 'en="the case is closed.",'),
        ('"round_closed", ko="마감", en=f"Round {id}."', '"round_closed", ko="XX마감XX", en=f"Round {id}."'),
        ('raise Malformed(f"{type} 모름" "/ unknown type")', "raise Malformed(None)"),
        ("for a, b in zip(left, right, strict=True)", "for a, b in zip(left, right, )"),
    ],
)
def test_words_of_a_sentence_and_a_strict_zip_do_not_count(old: str, new: str) -> None:
    assert judge([a_mutant(old, new)], []).ok


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"round_closed",', '"XXround_closedXX",'),
        ('raise RuleBroken("x", ko="없음") if a else b', 'raise RuleBroken("x", ko="없음") if not a else b'),
        ('case is None, "없는 과제"', 'case is not None, "없는 과제"'),
        ('publish("record.parked")', "publish(None)"),
        ("for a, b in zip(left, right, strict=True)", "for a, b in zip(left, None, strict=True)"),
    ],
)
def test_a_changed_rule_code_or_condition_counts(old: str, new: str) -> None:
    assert not judge([a_mutant(old, new)], []).ok
