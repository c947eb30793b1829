"""Structured logs: correlation attributes, bound once at the edge for every log line and event; masking of secrets."""

import logging
import re
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import orjson
import structlog
from structlog.contextvars import bound_contextvars, get_contextvars

CORRELATION_ATTRIBUTES = ("correlationid", "causationid", "traceparent", "authtype", "authid")
SECRET = re.compile(r"password|secret|token|authorization|email|phone|address|recipient", re.IGNORECASE)
MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
PHONE = re.compile(r"\b01[016789][- ]?\d{3,4}[- ]?\d{4}\b")
PASSWORD = re.compile(r"(://[^:/\s]+:)[^@\s]+@")


@contextmanager
def correlated(**attributes: str | None) -> Iterator[None]:
    """Bind CloudEvents attributes of the cause for the block; None is left out."""
    with bound_contextvars(**{name: value for name, value in attributes.items() if value is not None}):
        yield


def correlation() -> dict[str, str]:
    """Return the bound correlation attributes."""
    bound = get_contextvars()
    return {name: bound[name] for name in CORRELATION_ATTRIBUTES if name in bound}


def add_trace_id(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add the trace id, by which a trace is looked up, to a line that belongs to one."""
    if traceparent := event.get("traceparent"):
        event["trace_id"] = traceparent[3:35]
    return event


def mask(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask personal and secret values of a log line."""
    return {name: "***" if SECRET.search(name) else masked(value) for name, value in event.items()}


def masked(value: Any) -> Any:
    """Return text without mail addresses, phone numbers and passwords; other values as they are."""
    if not isinstance(value, str):
        return value
    return PHONE.sub("***", MAIL.sub("***", without_passwords(value)))


def without_passwords(text: str) -> str:
    """Return the text with the passwords of server addresses masked; user names stay."""
    return PASSWORD.sub(r"\1***@", text)


def configure_logging(service: str, level: str) -> None:
    """Write JSON lines to standard error, those of other libraries included."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        add_trace_id,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    render = structlog.processors.JSONRenderer(
        serializer=lambda line, **_: orjson.dumps(line, default=str).decode()
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for verbose in ("aiokafka", "httpx", "httpcore", "uvicorn.access", "faststream"):
        logging.getLogger(verbose).setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(service=service)
