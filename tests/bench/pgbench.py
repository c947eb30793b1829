"""Captured statements as a pgbench script: values that differ between transactions are computed from `:n`."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.bench.replay import Id, Pattern, Text, Value
from tools.devstack.postgres import bin_folder

PARAMETER = re.compile(r"\$(\d+)")
RATE = re.compile(r"tps = ([\d.]+) ")
DONE = re.compile(r"transactions actually processed: (\d+)/(\d+)")


class ClientLoad(NamedTuple):
    """Number of clients, transactions of each, and the number of the first transaction."""

    clients: int
    transactions: int
    first: int


def script(patterns: Sequence[Pattern], sql_of_value: Mapping[str, str]) -> str:
    """Return pgbench's script. `sql_of_value`: the SQL of each named value, in terms of `:n`."""
    counters = ["\\set i :i + 1", "\\set n :first + :client_id * :each + :i - 1"]
    return "\n".join([*counters, *(_statement(pattern, sql_of_value) for pattern in patterns)]) + "\n"


def _statement(pattern: Pattern, sql_of_value: Mapping[str, str]) -> str:
    literals = [_literal(parameter, sql_of_value) for parameter in pattern.parameters]
    sql = PARAMETER.sub(lambda match: literals[int(match[1]) - 1], pattern.sql)
    return " ".join(sql.split()).rstrip(";") + ";"


def _literal(parameter: Any, sql_of_value: Mapping[str, str]) -> str:
    if isinstance(parameter, Id):
        return f"({sql_of_value[parameter.name]})::uuid"
    if isinstance(parameter, Text):
        text = " || ".join(
            f"({sql_of_value[part.name]})" if isinstance(part, Value) else _quoted(part)
            for part in parameter.parts
        )
        return f"convert_to({text}, 'UTF8')" if parameter.binary else f"({text})"
    if isinstance(parameter, bytes):
        return f"'\\x{parameter.hex()}'::bytea"
    if isinstance(parameter, list):
        return f"array[{', '.join(_literal(item, sql_of_value) for item in parameter)}]"
    if parameter is None:
        return "null"
    return str(parameter) if isinstance(parameter, int) else _quoted(str(parameter))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


async def run(url: str, search_path: str, file: Path, load: ClientLoad) -> float:
    """Return transactions a second, without connecting; raises AssertionError if any of them failed."""
    at = urlsplit(url)
    variables = {"first": load.first, "each": load.transactions, "i": 0}
    command = [
        str(bin_folder() / "pgbench"),
        *("-h", str(at.hostname), "-p", str(at.port), "-U", str(at.username), "-n", "-M", "prepared"),
        *("-c", str(load.clients), "-j", "1", "-t", str(load.transactions), "-f", str(file)),
        *(f"-D{name}={value}" for name, value in variables.items()),
        at.path.lstrip("/"),
    ]
    environment = {"PGPASSWORD": str(at.password), "PGOPTIONS": f"-c search_path={search_path} -c jit=off"}
    child = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output = (await child.communicate())[0].decode()
    rate, done = RATE.search(output), DONE.search(output)
    assert child.returncode == 0, output
    assert rate, output
    assert done, output
    assert done[1] == done[2], output
    return float(rate[1])
