"""Wording shared by all messages: amounts, dates, funders, Korean particles and the text around a notice."""

from datetime import date

FUNDERS = {
    "ko": {"national": "국비", "province": "도비", "city": "시군비", "self": "자부담"},
    "en": {
        "national": "National share",
        "province": "Provincial share",
        "city": "City or county share",
        "self": "Own contribution",
    },
}
FRAME = {
    "ko": {
        "dear": "{company} 담당자님께",
        "next": "다음에 하실 일",
        "programme": "사업",
        "receipt_number": "접수번호",
        "office": "문의",
        "sign": "이음은 지원사업의 신청부터 지급까지를 알려 드립니다.",
        "sms": "[이음] ",
    },
    "en": {
        "dear": "Dear {company} team,",
        "next": "What to do next",
        "programme": "Programme",
        "receipt_number": "Receipt number",
        "office": "Questions",
        "sign": "Ieum keeps you informed from your application to the payments.",
        "sms": "[Ieum] ",
    },
}
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
# Digits whose Korean reading ends in a consonant: 영 일 삼 육 칠 팔.
CLOSED_DIGITS = "013678"
OPEN_SYLLABLES = 28


def won(amount_krw: int, language: str) -> str:
    return f"{amount_krw:,}원" if language == "ko" else f"KRW {amount_krw:,}"


def day(on: date, language: str) -> str:
    if language == "ko":
        return f"{on.year}년 {on.month}월 {on.day}일"
    return f"{on.day} {MONTHS[on.month - 1]} {on.year}"


def short_day(on: date, language: str) -> str:
    """Format a date for an SMS: 1.20. or 20 Jan."""
    return f"{on.month}.{on.day}." if language == "ko" else f"{on.day} {MONTHS[on.month - 1][:3]}"


def funder(code: str, language: str) -> str:
    return FUNDERS[language][code]


def particle(word: str, closed: str, open: str) -> str:
    """Append the particle that fits the word's last sound: 보고서를, 점검을. Closing brackets are skipped."""
    sound = word.rstrip(" )]'\"」』")[-1:]
    if "가" <= sound <= "힣":
        ends_closed = (ord(sound) - ord("가")) % OPEN_SYLLABLES != 0
    else:
        ends_closed = sound in CLOSED_DIGITS or sound.lower() in "lmnr"
    return word + (closed if ends_closed else open)
