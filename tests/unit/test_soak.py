"""An interrupted soak goes on with the step that has not passed yet."""

from pathlib import Path

from tests.soak.soak import Soak, Step

STEPS = [Step("chaos", f"seed {seed}", []) for seed in (1, 2, 3)]


def run_until(folder: Path, *outcomes: bool) -> tuple[list[str], bool | None]:
    """Run a soak whose steps end so, and which is interrupted after the last outcome; return the names of its steps."""
    names, remaining = list[str](), list(outcomes)

    def run(step: Step) -> bool:
        if not remaining:
            raise KeyboardInterrupt
        names.append(step.name)
        return remaining.pop(0)

    try:
        return names, Soak(folder).run(STEPS, run)
    except KeyboardInterrupt:
        return names, None


def test_an_interrupted_soak_continues_with_the_next_step(tmp_path: Path) -> None:
    assert run_until(tmp_path, True) == (["seed 1"], None)
    assert run_until(tmp_path, True, True) == (["seed 2", "seed 3"], True)


def test_failed_steps_are_run_again_and_passed_ones_are_not(tmp_path: Path) -> None:
    assert run_until(tmp_path, True, False, True) == (["seed 1", "seed 2", "seed 3"], False)
    assert run_until(tmp_path, True) == (["seed 2"], True)


def test_a_soak_that_has_passed_starts_anew(tmp_path: Path) -> None:
    run_until(tmp_path, True, True, True)

    assert run_until(tmp_path, True) == (["seed 1"], None)


def test_the_summary_lists_each_step_with_its_result(tmp_path: Path) -> None:
    run_until(tmp_path, True, False)

    lines = (tmp_path / "summary.md").read_text(encoding="utf-8").splitlines()
    assert [line.split(" | ")[:3] for line in lines[2:]] == [
        ["| chaos", "seed 1", "passed"],
        ["| chaos", "seed 2", "FAILED"],
    ]
