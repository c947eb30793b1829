"""Twenty seeds leave no fault and no crash point out; a seed is always the same run."""

import subprocess
import sys

import pytest

from tests.chaos.crash_points import ALL_POINTS
from tests.chaos.nemesis import BY_NAME, FAULTS
from tests.chaos.schedule import FAULTS_A_SEED, plan

SEEDS = range(1, 21)


def test_twenty_seeds_cover_every_fault() -> None:
    planned = {name for seed in SEEDS for name in plan(seed).faults}

    assert planned == {fault.name for fault in FAULTS}


def test_twenty_seeds_cover_every_crash_point_at_every_service() -> None:
    planned = {crash.name for seed in SEEDS for crash in plan(seed).crashes}

    assert planned == {f"{service}.{point.name}" for service, point in ALL_POINTS}


def test_a_seed_is_always_the_same_run_and_no_other() -> None:
    assert plan(7) == plan(7)
    assert plan(7) != plan(11)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_run_has_only_faults_that_its_stack_can_have(seed: int) -> None:
    made = plan(seed)

    assert len(set(made.faults)) == FAULTS_A_SEED
    assert all(BY_NAME[name].fits(made.brokers, made.split) for name in made.faults)


def test_given_faults_are_taken_as_they_are() -> None:
    made = plan(3, brokers=3, split=False, faults=["kill:postgres", "kill:inbox"])

    assert (made.brokers, made.split, made.faults) == (3, False, ("kill:postgres", "kill:inbox"))


def test_every_crash_point_names_a_function_of_the_product() -> None:
    """Install all points in a process of its own, since installing wraps the functions for good."""
    install = "from tests.chaos.crash_points import POINTS; [point.install(lambda: None) for point in POINTS]"
    extra = "from tests.chaos.patches import raise_prerequisite_missing; raise_prerequisite_missing(lambda: False)"

    ran = subprocess.run(
        [sys.executable, "-c", f"{install}; {extra}"], capture_output=True, text=True, check=False
    )

    assert ran.returncode == 0, ran.stderr
