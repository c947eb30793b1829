"""The books balance to the won: among themselves, and with what the topics alone say."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from tests.chaos.checker.contract import OWN
from tests.chaos.checker.evidence import Evidence
from tests.chaos.checker.finding import Finding
from tests.chaos.checker.moves import Account, balances_from

SOURCES = frozenset({"allocated", "opening", "promised"})
ACCOUNT = ("programme_id", "fiscal_year", "funder", "municipality", "kind")


def check(evidence: Evidence) -> Finding:
    postings = evidence.rows("funding", "posting")
    accounts = {_account(row): row["balance_krw"] for row in evidence.rows("funding", "account")}
    posted, told = _sums(evidence), balances_from(evidence)
    violations = [
        *_sets(evidence),
        *(f"{' '.join(map(str, one))}: postings, and no account" for one in posted.keys() - accounts.keys()),
        *_differ("the postings", accounts, posted),
        *_differ("the events", accounts, told),
        *_signs(accounts),
        *_equations(accounts),
    ]
    counted = {
        "sets of postings": len({row["set_id"] for row in postings}),
        "accounts": len(accounts),
        "accounts from events": sum(1 for krw in told.values() if krw),
        "own shares": sum(1 for at in accounts if at[2] == OWN),
    }
    return Finding(counted, violations)


def _account(row: Mapping[str, Any]) -> Account:
    return tuple(row[name] for name in ACCOUNT)


def _sums(evidence: Evidence) -> Counter[Account]:
    sums: Counter[Account] = Counter()
    for row in evidence.rows("funding", "posting"):
        sums[_account(row)] += row["amount_krw"]
    return sums


def _sets(evidence: Evidence) -> Iterator[str]:
    sums: Counter[Any] = Counter()
    for row in evidence.rows("funding", "posting"):
        sums[row["set_id"]] += row["amount_krw"]
    yield from (f"the set of postings {id} sums to {krw:,} won" for id, krw in sums.items() if krw)


def _differ(what: str, accounts: Mapping[Account, int], sums: Mapping[Account, int]) -> Iterator[str]:
    for account in sorted(accounts.keys() | sums.keys()):
        kept, due = accounts.get(account, 0), sums.get(account, 0)
        if kept != due:
            yield f"{' '.join(map(str, account))}: {kept:,} won, by {what} {due:,}"


def _signs(accounts: Mapping[Account, int]) -> Iterator[str]:
    for account, krw in accounts.items():
        if krw > 0 if account[-1] in SOURCES else krw < 0:
            yield f"{' '.join(map(str, account))}: {krw:,} won, on the wrong side of zero"


def _equations(accounts: Mapping[Account, int]) -> Iterator[str]:
    """allocated + opening = available + committed + payable + disbursed + returned, and so for own shares."""
    given: Counter[tuple[Any, ...]] = Counter()
    lies: Counter[tuple[Any, ...]] = Counter()
    for account, krw in accounts.items():
        if account[-1] in SOURCES:
            given[account[:-1]] -= krw
        else:
            lies[account[:-1]] += krw
    for purse in sorted(given.keys() | lies.keys()):
        if given[purse] != lies[purse]:
            yield f"{' '.join(map(str, purse))}: {given[purse]:,} won given, {lies[purse]:,} found"
