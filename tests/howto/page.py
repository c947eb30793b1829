"""How-to pages as lists of steps: edits and new files to make, commands to run.

A paragraph names the file of the block below it: the last path in it. A diff block has hunks separated by `@@`: its
lines without `+` stand in the file once, and give way to its lines without `-`; a hunk of `+` lines alone goes to the
end of the file. A block of another language below a paragraph that starts with "New file" is the file. In a console
block `$` starts a command, `# fails` at its end says that it does, `# in another terminal` that it goes on, and the
lines below it appear in its output, `…` for any text.
"""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"((?:^.+\n)*)\n?^```(\w+)\n((?:.*\n)*?)```$", re.MULTILINE)
FILE = re.compile(r"`([\w.-]+(?:/[\w.-]+)+)`")
FAILS, GOES_ON = "# fails", "# in another terminal"


@dataclass(frozen=True)
class NewFile:
    path: str
    content: str

    def apply(self, folder: Path) -> None:
        assert not (folder / self.path).exists(), f"{self.path} exists already"
        (folder / self.path).write_text(self.content, encoding="utf-8")


@dataclass(frozen=True)
class Edit:
    path: str
    diff: str

    def apply(self, folder: Path) -> None:
        content = (folder / self.path).read_text(encoding="utf-8").splitlines()
        for hunk in re.split(r"^@@\n", self.diff, flags=re.MULTILINE):
            content = self.changed(content, hunk.splitlines())
        (folder / self.path).write_text("".join(f"{line}\n" for line in content), encoding="utf-8")

    def changed(self, content: list[str], hunk: list[str]) -> list[str]:
        before, after = lines(hunk, " -"), lines(hunk, " +")
        if not before:
            return content + after
        places = [at for at in range(len(content)) if content[at : at + len(before)] == before]
        assert len(places) == 1, f"{self.path} does not contain once:\n" + "\n".join(before)
        return content[: places[0]] + after + content[places[0] + len(before) :]


@dataclass(frozen=True)
class Command:
    """A command with the output it has to show, and whether it has to fail, or goes on until the page's end."""

    arguments: list[str]
    fails: bool = False
    output: Sequence[str] = ()
    goes_on: bool = False

    def shows(self, output: str) -> bool:
        return all(re.search(as_pattern(line), output, re.MULTILINE) for line in self.output)


Step = NewFile | Edit | Command


def steps(page: str) -> Iterator[Step]:
    """Yield the steps of a page in order; raises ValueError for a block that is none."""
    blocks = BLOCK.findall(page)
    if len(blocks) * 2 != len(re.findall("^ *```", page, re.MULTILINE)):
        raise ValueError("a block of code is not read")
    for paragraph, language, content in blocks:
        if language == "console":
            yield from commands(content)
        elif language == "diff":
            yield Edit(file_of(paragraph), content)
        elif paragraph.startswith("New file"):
            yield NewFile(file_of(paragraph), content)
        else:
            raise ValueError(f"a block of {language} is no step: {paragraph}")


def file_of(paragraph: str) -> str:
    if not (paths := FILE.findall(paragraph)):
        raise ValueError(f"no file is named above a block: {paragraph}")
    return str(paths[-1])


def commands(console: str) -> Iterator[Command]:
    for part in re.split(r"^\$ ", console, flags=re.MULTILINE)[1:]:
        line, *output = part.splitlines()
        arguments = shlex.split(line, comments=True)
        yield Command(arguments, line.endswith(FAILS), tuple(output), line.endswith(GOES_ON))


def lines(hunk: list[str], kinds: str) -> list[str]:
    """Return the hunk's lines of these kinds; a line without a mark is context."""
    return [line[1:] for line in hunk if (line[:1] or " ") in kinds]


def as_pattern(line: str) -> str:
    return "^" + ".*".join(map(re.escape, line.split("…"))) + "$"
