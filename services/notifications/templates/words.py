"""Wording shared by all messages: amounts, dates, funders, Korean particles and the text around a notice."""

from datetime import date
from fractions import Fraction

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
CAUSES = {
    "ko": {
        "ineligible": "지원 요건에 맞지 않아 순위를 매기지 않았습니다",
        "suspended": "휴업한 사업자라 순위를 매기지 않았습니다",
        "closed": "폐업한 사업자라 순위를 매기지 않았습니다",
    },
    "en": {
        "ineligible": "not ranked, as the application does not meet the requirements",
        "suspended": "not ranked, as the business is suspended",
        "closed": "not ranked, as the business is closed",
    },
}
PROBLEMS = {
    "ko": {
        "no_contact": "연락처 없음",
        "too_late": "보낼 기한이 지나 보내지 않음",
        "template_error": "양식 오류",
        "address_not_supported": "메일 서버가 보낼 수 없는 주소",
        "too_long": "문자로 보내기에 너무 긺(2,000바이트까지)",
        "refused": "중계사나 메일 서버가 거절함",
        "not_delivered": "도착하지 않음",
        "no_answer": "넘긴 뒤 답이 없음. 조회하기 전에는 다시 보내지 않음",
        "not_in_answer": "중계사의 답에 이 문자가 없음",
        "channel_error": "보내는 중에 오류가 남",
        "sender_lost": "보내다가 멈춤. 조회하기 전에는 다시 보내지 않음",
        "no_delivery_report": "3일 안에 도착 결과가 오지 않음",
        "unreachable": "연결하지 못함",
        "disconnected": "연결이 끊김",
        "busy": "지금은 받지 않음",
    },
    "en": {
        "no_contact": "no contact",
        "too_late": "not sent: its time had passed",
        "template_error": "faulty template",
        "address_not_supported": "an address that the mail server cannot send to",
        "too_long": "too long for an SMS (up to 2,000 bytes)",
        "refused": "refused by the gateway or mail server",
        "not_delivered": "did not arrive",
        "no_answer": "no answer after it was handed over; not sent again before asking",
        "not_in_answer": "missing in the gateway's answer",
        "channel_error": "an error while it was sent",
        "sender_lost": "the sender stopped while sending; not sent again before asking",
        "no_delivery_report": "no delivery report within three days",
        "unreachable": "cannot be reached",
        "disconnected": "the connection broke",
        "busy": "takes nothing now",
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


def cause(code: str, language: str) -> str:
    """Return the words for why an application was rejected."""
    return CAUSES[language][code]


def score(text: str) -> str:
    """Format an exact fraction such as 250/3 with two decimals, rounded half up: 83.33."""
    hundredths = int(Fraction(text) * 100 + Fraction(1, 2))
    return f"{hundredths // 100}.{hundredths % 100:02}"


def problem(code: str, language: str) -> str:
    """Return the words for why a message failed, waits or is unknown."""
    return PROBLEMS[language][code]


def particle(word: str, closed: str, open: str) -> str:
    """Append the particle that fits the word's last sound: 보고서를, 점검을. Closing brackets are skipped."""
    sound = word.rstrip(" )]'\"」』")[-1:]
    if "가" <= sound <= "힣":
        ends_closed = (ord(sound) - ord("가")) % OPEN_SYLLABLES != 0
    else:
        ends_closed = sound in CLOSED_DIGITS or sound.lower() in "lmnr"
    return word + (closed if ends_closed else open)
