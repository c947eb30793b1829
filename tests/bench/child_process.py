"""Child processes for contestants: JSON arguments on the command line, results as lines of JSON on standard output."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

ROOT = Path(__file__).parents[2]
LINE_LIMIT = 1 << 26


@dataclass(frozen=True)
class Child:
    process: asyncio.subprocess.Process

    async def receive(self) -> dict[str, Any]:
        """Return the child's next result; raises RuntimeError if it has ended without one."""
        assert self.process.stdout
        if not (line := await self.process.stdout.readline()):
            raise RuntimeError(f"끝났습니다 / it ended with {await self.process.wait()}, see above")
        result: dict[str, Any] = orjson.loads(line)
        return result

    async def finish(self) -> dict[str, Any]:
        """Close the child's standard input, which ends it, and return its last result."""
        assert self.process.stdin
        self.process.stdin.close()
        return await self.receive()


@asynccontextmanager
async def running(
    arguments: Mapping[str, Any], *command: str, python: str = sys.executable
) -> AsyncIterator[Child]:
    """Run Python with `command` (`-m MODULE`, or a file); killed at the end of the block, or with its parent."""
    process = await asyncio.create_subprocess_exec(
        python,
        *command,
        orjson.dumps(arguments).decode(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LINE_LIMIT,
        cwd=ROOT,
    )
    try:
        yield Child(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def arguments() -> Any:
    """Return the arguments (called in the child)."""
    return orjson.loads(sys.argv[1])


def send(**result: Any) -> None:
    """Send a result to the parent (called in the child)."""
    print(orjson.dumps(result).decode(), flush=True)  # noqa: T201  the channel to the parent


async def wait_for_end() -> None:
    """Wait until the parent closes standard input or ends (called in the child)."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()
