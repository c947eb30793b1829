"""Mutate files, judge their survivors, and say what is wrong with them."""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from tests.mutation.mutants import mutate
from tests.mutation.survivors import Verdict, judge, listed


def check(path: str) -> tuple[Verdict, str]:
    """Mutate the file; return the verdict on its survivors, and lines for a person. Raises RunFailed."""
    with tempfile.TemporaryDirectory(prefix="ieum-mutation-") as folder:
        results = mutate(path, Path(folder))
    verdict = judge(results.survivors, listed().get(path, ()))
    counted = f"{path}: {results.total} mutants, {results.total - len(results.survivors)} killed"
    return verdict, "\n".join([counted, *lines(verdict)]) + "\n"


def lines(verdict: Verdict) -> Iterator[str]:
    for mutant in verdict.unlisted:
        fields = [
            f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in asdict(mutant).items()
        ]
        yield f'survived: {{ {", ".join(fields[1:])}, reason = "" }},'
    for mutant in verdict.stale:
        yield f"listed, and does not survive: {mutant.function}: {mutant.new}"
