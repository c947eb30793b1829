"""이야기: 선정 결과의 까닭은 읽는 사람의 말로 전해진다 / The grounds of a selection reach each reader in his language.

공고의 두 자리에 네 기업이 신청한다. 둘은 선정되고, 하나는 예비가 되고, 하나는 요건에 맞지 않아 탈락한다.
- 한국어를 고른 기업은 한국어로, 영어를 고른 기업은 영어로 안내를 받는다.
- 현황판의 과제 화면은 한국어로 열면 한국어로, 영어로 열면 영어로 까닭을 말한다.
- 담당자가 적은 사유와 이름만은 적힌 그대로 보인다.
- 폐업한 기업의 지급은 보류되고, 화면은 그 까닭을 코드가 아니라 말로 보인다.
"""

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from uuid import UUID

import pytest

from services.applications.main import SERVICE as APPLICATIONS
from services.monitoring.main import SERVICE as MONITORING
from services.notifications.main import SERVICE as NOTIFICATIONS
from services.notifications.recipients import commands as recipients
from services.notifications.recipients.domain import Language
from services.notifications.templates.notices import NOTICES
from services.notifications.templates.rendering import render_email, render_sms
from shared.config import Settings
from shared.events.funding import TrancheHeld, TrancheScheduled
from shared.values.money import Funder
from tests.builders import A_DAY, kafka_record
from tests.databases import Databases
from tests.flows.applications_api import ApplicationsApi
from tests.flows.monitoring_api import Monitoring
from tests.system import MemorySystem

HANGUL = re.compile("[가-힣]")
TYPED = "이미 지원받은 기업"
LANGUAGES = ("ko", "en")


@pytest.fixture
async def system(databases: Databases, settings: Settings) -> AsyncIterator[MemorySystem]:
    async with MemorySystem([APPLICATIONS, MONITORING, NOTIFICATIONS], databases, settings) as system:
        await system.start()
        yield system


@pytest.fixture
async def board(databases: Databases, settings: Settings, tmp_path: Path) -> AsyncIterator[Monitoring]:
    monitoring = Monitoring(databases["monitoring"], settings, tmp_path / "board")
    async with monitoring.client:
        yield monitoring


async def a_company(api: ApplicationsApi, system: MemorySystem, language: Language) -> str:
    """Register a company that gets its messages in this language."""
    company = await api.register(name_ko="Company B")
    async with system.databases["notifications"].transaction() as session:
        await recipients.save(session, UUID(company), "kim@example.com", None, language)
    return company


async def message_texts(system: MemorySystem, case: str, template: str, language: str) -> str:
    """Return the mail and the SMS that the case's company gets of this template."""
    [row] = await system.rows("notifications", "message", f"case_id = '{case}' and template = '{template}'")
    notice = NOTICES[template].model_validate(row["data"])
    email = render_email(notice, language)
    return "\n".join([email.subject, email.text, *render_sms(notice, language)])


async def timeline(board: Monitoring, case: str, language: str) -> str:
    """Return the text of the case's timeline on the board."""
    response = await board.client.get(f"/cases/{case}?lang={language}", headers=board.bearer("officer", "u"))
    assert response.status_code == 200, response.text
    [shown] = re.findall(r'<ol class="tl">(.*)</ol>', response.text, flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", shown)).split())


async def decided(api: ApplicationsApi, system: MemorySystem) -> tuple[str, str, str]:
    """Decide a round of two places; return a selected, a reserved and a rejected case, of companies that read English."""
    await api.publish()
    await api.open_round()
    first, _, third = [
        await api.apply_and_review(total, company_id=await a_company(api, system, Language.EN))
        for total in (40, 30, 20)
    ]
    rejected = await api.apply(await a_company(api, system, Language.EN))
    await api.screen(rejected, TYPED)
    await api.close_round()
    await api.decide_round()
    await system.run_until_quiescent()
    return first, third, rejected


async def test_a_rejected_company_gets_the_cause_in_its_own_language(
    api: ApplicationsApi, system: MemorySystem
) -> None:
    _, _, rejected = await decided(api, system)

    english, korean = [
        await message_texts(system, rejected, "rejected", language) for language in ("en", "ko")
    ]

    assert "Reason: not ranked, as the application does not meet the requirements" in english
    assert f"Found: {TYPED}" in english
    assert not HANGUL.search(without_names(english))
    assert "사유: 지원 요건에 맞지 않아 순위를 매기지 않았습니다" in korean
    assert f"확인한 점: {TYPED}" in korean


async def test_a_reserve_gets_its_rank_in_its_own_language(
    api: ApplicationsApi, system: MemorySystem
) -> None:
    _, reserved, _ = await decided(api, system)

    english, korean = [
        await message_texts(system, reserved, "reserved", language) for language in ("en", "ko")
    ]

    assert "Review: rank 3 of 3, mean score 20.00 of 3 reviews" in english
    assert "Place on the reserve list: 1" in english
    assert not HANGUL.search(without_names(english))
    assert "심사 결과: 3개 과제 가운데 3위, 평균 20.00점(심사 3건)" in korean


async def test_the_board_shows_the_grounds_in_the_language_of_the_page(
    api: ApplicationsApi, system: MemorySystem, board: Monitoring
) -> None:
    first, reserved, rejected = await decided(api, system)

    english = [await timeline(board, case, "en") for case in (first, reserved, rejected)]
    korean = [await timeline(board, case, "ko") for case in (first, reserved, rejected)]

    assert "Rank 1 of 3 in the track Basic 1, mean score 40.00. It is the mean of 3 reviews." in english[0]
    assert "The quota of 2 is taken up: number 1 in reserve." in english[1]
    assert f"Not eligible, so not ranked: {TYPED}" in english[2]
    assert not any(HANGUL.search(without_names(text)) for text in english)
    assert "기초 1단계 트랙 3개 과제 중 1위, 평균 40.00점. 심사 3건의 평균입니다." in korean[0]
    assert "선정 2곳이 차서 예비 1번입니다." in korean[1]
    assert f"요건에 맞지 않아 순위를 매기지 않았습니다: {TYPED}" in korean[2]


async def test_a_held_tranche_shows_a_word_and_no_code(
    api: ApplicationsApi, system: MemorySystem, board: Monitoring
) -> None:
    first, _, _ = await decided(api, system)
    tranche = {
        **{"case_id": first, "programme_id": "jeonbuk-smart-factory", "number": 1, "fiscal_year": 2024},
        **{"due_on": A_DAY, "amounts_krw": {Funder.CITY: 5}, "occurred_on": A_DAY},
    }
    scheduled = TrancheScheduled.model_validate(tranche | {"milestone": "kickoff"})
    held = TrancheHeld.model_validate(tranche | {"reason": "closed"})

    for number, event in enumerate([scheduled, held], start=1):
        await system.send(**kafka_record(event, number))
    await system.run_until_quiescent()

    shown = {language: await timeline(board, first, language) for language in LANGUAGES}
    assert "폐업한 기업이라 지급을 보류합니다." in shown["ko"]
    assert "closed" not in shown["ko"]
    assert "The business is closed: nothing is paid." in shown["en"]


def without_names(text: str) -> str:
    """Leave out what is shown as it was typed."""
    return text.replace(TYPED, "")
