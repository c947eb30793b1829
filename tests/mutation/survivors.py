"""The mutants that may survive, each with its reason, and what a run says about them."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.mutation.mutants import Mutant

FILE = Path(__file__).with_name("survivors.toml")
STRING = re.compile(r"""[fr]?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
TEXT = re.compile(rf"{STRING.pattern}(?: {STRING.pattern})*")  # Python joins strings side by side
SENTENCE = re.compile(r"[가-힣]| ")
NO_TEXT = re.compile(r"\b(ko|en)=None")
STRICT = re.compile(r", strict=(True|False|None)|, (?=\))")


class Verdict(NamedTuple):
    """`unlisted` mutants survive without a reason; `stale` ones are listed and do not survive."""

    unlisted: Sequence[Mutant]
    stale: Sequence[Mutant]

    @property
    def ok(self) -> bool:
        return not self.unlisted and not self.stale


def listed(file: Path = FILE) -> Mapping[str, Sequence[Mutant]]:
    """Return the listed survivors of every file that mutation testing covers."""
    files = tomllib.loads(file.read_text(encoding="utf-8"))
    return {
        path: [Mutant(path, entry["function"], entry["old"], entry["new"]) for entry in content["survivors"]]
        for path, content in files.items()
    }


def judge(survivors: Iterable[Mutant], known: Sequence[Mutant]) -> Verdict:
    behaviour = {mutant for mutant in survivors if not (is_text_only(mutant) or is_strict_only(mutant))}
    return Verdict(sorted(behaviour - set(known)), [mutant for mutant in known if mutant not in behaviour])


def is_text_only(mutant: Mutant) -> bool:
    """Whether nothing but a sentence differs: words are no behaviour, and tests do not repeat them."""
    if NO_TEXT.search(mutant.new) and not NO_TEXT.search(mutant.old):
        return True
    sentences = [text for text in TEXT.finditer(mutant.old) if SENTENCE.search(text[0])]
    if any(
        mutant.old[: text.start()] + "None" + mutant.old[text.end() :] == mutant.new for text in sentences
    ):
        return True
    old, new = (STRING.findall(line) for line in (mutant.old, mutant.new))
    same_code = STRING.sub("", mutant.old) == STRING.sub("", mutant.new)
    changed = [before for before, after in zip(old, new, strict=False) if before != after]
    return same_code and all(SENTENCE.search(text) for text in changed)


def is_strict_only(mutant: Mutant) -> bool:
    """Whether nothing but `strict=True` of a zip differs: it reports a programming error, and no test makes one."""
    without = STRICT.sub("", mutant.old), STRICT.sub("", mutant.new)
    return "strict=True" in mutant.old and without[0] == without[1]
