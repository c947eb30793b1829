"""Conditions that the scenario waits for: each returns the values to capture, or None while it does not hold yet."""

from collections.abc import Callable, Mapping
from typing import Any

Captured = Mapping[str, Any]
Condition = Callable[[Any, Mapping[str, Any]], Captured | None]


def own_case(response: Any, parameters: Mapping[str, Any]) -> Captured | None:
    """Find the company's case in the programme `programme_id` in a response of GET /me/cases."""
    for case in response["cases"]:
        if case["programme_id"] == parameters["programme_id"]:
            return {parameters["capture_as"]: case["case_id"]}
    return None


def payable(response: Any, parameters: Mapping[str, Any]) -> Captured | None:
    """Require that exactly `payable_krw` won are payable: all other payments have been paid or rejected."""
    accounts = [account for account in response["accounts"] if account["kind"] == "payable"]
    balance_krw = sum(account["balance_krw"] for account in accounts)
    return {} if balance_krw == parameters["payable_krw"] else None


CONDITIONS: Mapping[str, Condition] = {"own_case": own_case, "payable": payable}
