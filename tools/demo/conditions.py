"""What the story waits for: each looks at an answer and says what to keep, or None while it is not so yet."""

from collections.abc import Callable, Mapping
from typing import Any

Kept = Mapping[str, Any]
Look = Callable[[Any, Mapping[str, Any]], Kept | None]


def own_case(answer: Any, wanted: Mapping[str, Any]) -> Kept | None:
    """The company's case in the programme, as GET /me/cases shows it."""
    for case in answer["cases"]:
        if case["programme_id"] == wanted["programme_id"]:
            return {wanted["keep"]: case["case_id"]}
    return None


def payable(answer: Any, wanted: Mapping[str, Any]) -> Kept | None:
    """So many won are payable and no more: all others have been paid or refused."""
    accounts = [account for account in answer["accounts"] if account["kind"] == "payable"]
    return {} if sum(account["balance_krw"] for account in accounts) == wanted["payable_krw"] else None


LOOKS: Mapping[str, Look] = {"own_case": own_case, "payable": payable}
