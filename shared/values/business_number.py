"""Business number (사업자등록번호): ten digits, the last of which is a check digit."""

from typing import Annotated

from pydantic import AfterValidator

WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3, 5)


def is_valid(number: str) -> bool:
    """Return whether the check digit is right, by the rule of the National Tax Service.

    The outer `mod 10` lets numbers that end in 0 pass.
    """
    if len(number) != 10 or not number.isascii() or not number.isdigit():
        return False
    digits = [int(digit) for digit in number]
    total = (
        sum(digit * weight for digit, weight in zip(digits[:9], WEIGHTS, strict=True)) + digits[8] * 5 // 10
    )
    return (10 - total % 10) % 10 == digits[9]


def check_digit(first_nine: str) -> str:
    """Return the check digit of nine digits."""
    return next(str(digit) for digit in range(10) if is_valid(first_nine + str(digit)))


def checked(number: str) -> str:
    """Return the number without hyphens. Raises ValueError, in Korean and English, for an invalid one."""
    plain = number.replace("-", "").strip()
    if not is_valid(plain):
        raise ValueError(
            f"사업자등록번호 {number}의 검증번호가 맞지 않습니다. 열 자리를 다시 확인하세요. "
            f"/ {number} is not a valid business number: check its ten digits."
        )
    return plain


BusinessNumber = Annotated[str, AfterValidator(checked)]
