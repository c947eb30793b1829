"""Kinds of text in events: each field of free text holds one, and none that is published holds a sentence that we composed.

Text with a pattern or a list of values (a score, the cause of a rejection) is a code by its schema, and not listed here.
"""

from collections.abc import Iterator
from typing import Any, Literal

Kind = Literal["name", "typed", "reference", "code", "theirs", "prose"]
"""name       of a company, agency, office, programme or its part
typed      what a person wrote, as written
reference  of a person, case, document or another system's record
code       shown by a word: of a template, a system, a municipality, a topic
theirs     what another system wrote, as written
prose      a sentence that we composed, in versions that are published no more
"""

KINDS: dict[str, Kind] = {
    **dict.fromkeys(("agency_ko", "company_name_ko", "executing_agency_ko", "reported_by_ko"), "name"),
    **dict.fromkeys(("name_ko", "name_en", "short_ko", "short_en", "office_ko", "office_en"), "name"),
    **dict.fromkeys(("owner_ko", "owner_en", "means_ko", "unit"), "name"),
    **dict.fromkeys(("problem_ko", "answer_ko", "reason_ko", "industry", "work"), "typed"),
    **dict.fromkeys(("reason", "reasons", "findings", "evidence"), "typed"),
    **dict.fromkeys(("requested_by", "approved_by", "rejected_by", "instructed_by"), "reference"),
    **dict.fromkeys(("mentor_id", "reviewer_id", "record_id", "business_number"), "reference"),
    **dict.fromkeys(("receipt_number", "predecessor_receipt_number"), "reference"),
    **dict.fromkeys(("treasury_reference", "provider_reference"), "reference"),
    **dict.fromkeys(("template", "system", "consumer", "topic_name"), "code"),
    **dict.fromkeys(("municipality", "municipalities", "region", "code"), "code"),
    **dict.fromkeys(("tranche.failed.v1.reason", "treasury.payment_rejected.v1.reason"), "theirs"),
    **dict.fromkeys(
        (f"company.{outcome}.v1.reason" for outcome in ("selected", "reserved", "rejected")), "prose"
    ),
    **dict.fromkeys((f"message.{outcome}.v1.reason" for outcome in ("failed", "unknown")), "prose"),
}
"""By field, or by event and field where an event's differs."""


def annotate(name: str, schema: dict[str, Any]) -> None:
    """Set the kind of each free text in an event's JSON Schema as `x-text`. Raises KeyError for one without a kind."""
    for field, definition in free_texts(schema):
        definition["x-text"] = KINDS.get(f"{name}.{field}") or KINDS[field]


def free_texts(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the fields of free text, with their definitions: those of the event and of its parts."""
    for owner in (schema, *schema.get("$defs", {}).values()):
        for field, definition in owner.get("properties", {}).items():
            if is_free_text(definition):
                yield field, definition


def is_free_text(definition: dict[str, Any]) -> bool:
    """Return whether a value, or a part of it, is text of any form."""
    if definition.get("type") == "string":
        return not {"enum", "const", "format", "pattern"} & definition.keys()
    parts = [definition.get("items"), definition.get("additionalProperties"), *definition.get("anyOf", ())]
    return any(is_free_text(part) for part in parts if isinstance(part, dict))
