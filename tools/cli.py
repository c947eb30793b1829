"""The `ieum` command: thin verbs, each calling a function of tools/devstack, tools/demo or tools/audit."""

# ruff: noqa: PLC0415  each verb imports its own modules, so that `ieum --help` is fast

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="ieum",
    help="이음: 중소기업 지원사업 시스템 / Ieum: support programmes for small manufacturers, on one machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

StateOption = Annotated[
    Path | None, typer.Option("--state", help="상태 폴더 / state folder (IEUM_STATE, .ieum)")
]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON으로 / as JSON")]
DateOption = Annotated[
    datetime | None,
    typer.Option(
        "--date",
        formats=["%Y-%m-%d"],
        envvar="IEUM_BUSINESS_DATE",
        help="업무 기준일 고정 / pin the business date",
    ),
]


@app.command()
def up(
    state: StateOption = None,
    brokers: Annotated[int, typer.Option(help="카프카 브로커 수: 1 또는 3 / Kafka brokers: 1 or 3")] = 1,
    split: Annotated[
        bool, typer.Option("--split", help="역할마다 프로세스 하나 / one process a role")
    ] = False,
    date: DateOption = None,
) -> None:
    """모두 시작하고 Ctrl-C까지 지킵니다 / Run everything in the foreground until Ctrl-C."""
    from tools.devstack import cli
    from tools.devstack.configuration import Options

    pinned = date.date() if date else None
    cli.up(state, Options(brokers=brokers, split=split, business_date=pinned))


@app.command()
def down(state: StateOption = None) -> None:
    """실행 중인 것을 끝냅니다 / End what runs, and wait for it."""
    from tools.devstack import cli

    cli.down(state)


@app.command()
def status(state: StateOption = None, json: JsonOption = False) -> None:
    """주소와 프로세스를 보입니다 / Show the addresses and every process."""
    from tools.devstack import cli

    cli.print_status(state, json)


LeaveOutOption = Annotated[
    list[str] | None,
    typer.Option(
        "--leave-out", help="단계를 빼고 돌려 검사가 알아채는지 봅니다 / omit steps, to see the check fail"
    ),
]


@app.command()
def play(state: StateOption = None, leave_out: LeaveOutOption = None) -> None:
    """문서의 이야기를 실행 중인 것에 재생합니다 / Play the documents' scenario against the running stack."""
    from tools.demo import cli

    cli.play_scenario(state, leave_out or ())


@app.command()
def check(state: StateOption = None, json: JsonOption = False) -> None:
    """문서의 숫자를 현황판과 견줍니다 / Compare every figure of the documents with the board."""
    from tools.demo import cli

    raise typer.Exit(0 if cli.check_figures(state, json) else 1)


@app.command()
def demo(
    state: StateOption = None,
    checked: Annotated[
        bool, typer.Option("--check", help="확인하고 끝냅니다 / check everything and end")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="자료를 남깁니다 / keep the data")] = False,
    json: JsonOption = False,
    leave_out: LeaveOutOption = None,
) -> None:
    """모두 시작하고 이야기를 들려준 뒤 현황판을 엽니다 / Everything from nothing, the story, the board."""
    from tools.demo.demo import demo, demo_check

    if checked:
        raise typer.Exit(demo_check(state, as_json=json, keep_state=keep, leave_out=leave_out or ()))
    demo(state)


@app.command()
def audit(
    state: StateOption = None,
    database_url: Annotated[
        str | None, typer.Option("--database-url", help="어느 설치든 / any installation (IEUM_DATABASE_URL)")
    ] = None,
    kafka: Annotated[str | None, typer.Option("--kafka", help="host:port (IEUM_KAFKA_BOOTSTRAP)")] = None,
    json: JsonOption = False,
) -> None:
    """불변 규칙을 모두 확인합니다 / Check every invariant on what runs, or on the installation at the URLs."""
    from tools.audit import cli

    raise typer.Exit(0 if cli.audit(database_url, kafka, state, json) else 1)


@app.command()
def migrate(state: StateOption = None) -> None:
    """실행 중인 것의 데이터베이스 구조를 이 판으로 올립니다 / Migrate the schemas of what runs to this checkout's state."""
    from tools.devstack import cli

    cli.migrate(state)


@app.command()
def rebuild(
    state: StateOption = None,
    switch: Annotated[
        bool, typer.Option("--switch", help="현황을 새것으로 바꿉니다 / switch the board to the new rows")
    ] = False,
) -> None:
    """현황을 처음부터 다시 만들어 견줍니다 / Fold every topic anew and compare with the board."""
    from tools.devstack.rebuild import rebuild_board

    raise typer.Exit(0 if rebuild_board(state, switch) else 1)


def main() -> None:
    """Run the command; an error that stops it is printed as its message, without a traceback."""
    from tools.devstack.errors import StackError

    try:
        app()
    except StackError as refusal:
        sys.exit(str(refusal))
    except PermissionError as refusal:
        sys.exit(f"이 파일을 쓸 권한이 없습니다 / no permission for this file: {refusal.filename}")


if __name__ == "__main__":
    main()
