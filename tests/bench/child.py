"""A contestant in a process of its own: it is given JSON on its command line, and answers in lines of JSON."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

ROOT = Path(__file__).parents[2]
LONGEST_LINE = 1 << 26


@dataclass(frozen=True)
class Child:
    process: asyncio.subprocess.Process

    async def hear(self) -> dict[str, Any]:
        """What it says next; raises RuntimeError when it has ended without a word."""
        assert self.process.stdout
        if not (line := await self.process.stdout.readline()):
            raise RuntimeError(f"끝났습니다 / it ended with {await self.process.wait()}, see above")
        said: dict[str, Any] = orjson.loads(line)
        return said

    async def finish(self) -> dict[str, Any]:
        """Tell it to come to its end, and hear what it says at last."""
        assert self.process.stdin
        self.process.stdin.close()
        return await self.hear()


@asynccontextmanager
async def started(
    given: Mapping[str, Any], *command: str, python: str = sys.executable
) -> AsyncIterator[Child]:
    """`command` is `-m MODULE`, or a file. It ends with the block, and by itself when we are killed."""
    process = await asyncio.create_subprocess_exec(
        python,
        *command,
        orjson.dumps(given).decode(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LONGEST_LINE,
        cwd=ROOT,
    )
    try:
        yield Child(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def given() -> Any:
    """In the child: what it was given."""
    return orjson.loads(sys.argv[1])


def answer(**said: Any) -> None:
    """In the child: say it."""
    print(orjson.dumps(said).decode(), flush=True)  # noqa: T201  its purpose


async def told_to_finish() -> None:
    """In the child: wait until the parent says so, or is gone."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()
