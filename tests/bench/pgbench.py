"""Captured statements as a script of pgbench: what differs from transaction to transaction is computed from `:n`."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.bench.replay import Id, Pattern, Text, Var
from tools.devstack.postgres import binaries

PLACE = re.compile(r"\$(\d+)")
RATE = re.compile(r"tps = ([\d.]+) ")
DONE = re.compile(r"transactions actually processed: (\d+)/(\d+)")


class Clients(NamedTuple):
    """So many clients, each with so many transactions; the first one's first has the number `first`."""

    clients: int
    each: int
    first: int


def script(patterns: Sequence[Pattern], named: Mapping[str, str]) -> str:
    """`named`: the SQL of each named value, in terms of `:n`."""
    counted = ["\\set i :i + 1", "\\set n :first + :client_id * :each + :i - 1"]
    return "\n".join([*counted, *(_statement(one, named) for one in patterns)]) + "\n"


def _statement(pattern: Pattern, named: Mapping[str, str]) -> str:
    put = [_literal(one, named) for one in pattern.parameters]
    sql = PLACE.sub(lambda found: put[int(found[1]) - 1], pattern.sql)
    return " ".join(sql.split()).rstrip(";") + ";"


def _literal(parameter: Any, named: Mapping[str, str]) -> str:
    if isinstance(parameter, Id):
        return f"({named[parameter.name]})::uuid"
    if isinstance(parameter, Text):
        text = " || ".join(
            f"({named[part.name]})" if isinstance(part, Var) else _quoted(part) for part in parameter.parts
        )
        return f"convert_to({text}, 'UTF8')" if parameter.binary else f"({text})"
    if isinstance(parameter, bytes):
        return f"'\\x{parameter.hex()}'::bytea"
    if isinstance(parameter, list):
        return f"array[{', '.join(_literal(one, named) for one in parameter)}]"
    if parameter is None:
        return "null"
    return str(parameter) if isinstance(parameter, int) else _quoted(str(parameter))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


async def run(url: str, search_path: str, file: Path, load: Clients) -> float:
    """Transactions a second, connecting left out; raises where one of them failed."""
    at = urlsplit(url)
    variables = {"first": load.first, "each": load.each, "i": 0}
    command = [
        str(binaries() / "pgbench"),
        *("-h", str(at.hostname), "-p", str(at.port), "-U", str(at.username), "-n", "-M", "prepared"),
        *("-c", str(load.clients), "-j", "1", "-t", str(load.each), "-f", str(file)),
        *(f"-D{name}={value}" for name, value in variables.items()),
        at.path.lstrip("/"),
    ]
    environment = {"PGPASSWORD": str(at.password), "PGOPTIONS": f"-c search_path={search_path} -c jit=off"}
    child = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said = (await child.communicate())[0].decode()
    rate, done = RATE.search(said), DONE.search(said)
    assert child.returncode == 0, said
    assert rate, said
    assert done, said
    assert done[1] == done[2], said
    return float(rate[1])
