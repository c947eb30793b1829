"""How a named point is put into a process: a function of the product is wrapped, the product knows nothing of it."""

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from pkgutil import resolve_name
from typing import Any

Pass = Callable[[], None]
Put = Callable[[Pass], None]
When = Callable[[Any, tuple[Any, ...]], object]

_retrying: ContextVar[bool] = ContextVar("retrying", default=False)


def always(result: Any, given: tuple[Any, ...]) -> bool:
    return True


def something(result: Any, given: tuple[Any, ...]) -> bool:
    """The function found or did something."""
    return bool(result)


def given_some(result: Any, given: tuple[Any, ...]) -> bool:
    """Its last argument was not empty."""
    return bool(given[-1])


def outcome(expected: str) -> When:
    return lambda result, given: result == expected


def before(function: str, when: When = always) -> Put:
    """Each time that `module:function` is called with what `when` asks for."""

    def put(passing: Pass) -> None:
        async def called(original: Any, *given: Any, **named: Any) -> Any:
            if when(None, given):
                passing()
            return await original(*given, **named)

        wrap(function, called)

    return put


def after(function: str, when: When = always, given: When = always) -> Put:
    """Each time that `module:function` has returned what `when` asks for; `given` looks before the call."""

    def put(passing: Pass) -> None:
        async def called(original: Any, *arguments: Any, **named: Any) -> Any:
            is_meant = given(None, arguments)
            result = await original(*arguments, **named)
            if is_meant and when(result, arguments):
                passing()
            return result

        wrap(function, called)

    return put


def wrap(function: str, called: Callable[..., Any]) -> None:
    """Raises AttributeError where the product has no such function any more."""
    name, _, attribute = (
        function.rpartition(".") if "." in function.partition(":")[2] else function.rpartition(":")
    )
    owner = resolve_name(name)
    original = getattr(owner, attribute)

    @wraps(original)
    async def wrapped(*given: Any, **named: Any) -> Any:
        return await called(original, *given, **named)

    setattr(owner, attribute, wrapped)


def retrying(put: Put) -> Put:
    """The same point, only while a parked record is tried again."""

    def narrowed(passing: Pass) -> None:
        wrap("shared.messaging.dispatcher:Dispatcher.retry_head", _marked)
        put(lambda: passing() if _retrying.get() else None)

    return narrowed


async def _marked(original: Any, *given: Any, **named: Any) -> Any:
    token = _retrying.set(True)
    try:
        return await original(*given, **named)
    finally:
        _retrying.reset(token)


def replied(methods: frozenset[str], *, keyed: bool) -> Put:
    """A command has committed; its reply is about to be sent. `keyed`: it bore an Idempotency-Key."""

    def put(passing: Pass) -> None:
        async def called(original: Any, self: Any, scope: Any, receive: Any, send: Any) -> Any:
            async def sending(message: Any) -> None:
                if message["type"] == "http.response.start" and message["status"] < 300 and is_one(scope):
                    passing()
                await send(message)

            return await original(self, scope, receive, sending)

        wrap("shared.web.requests:RequestContext.timed", called)

    def is_one(scope: Any) -> bool:
        has_key = any(name == b"idempotency-key" for name, _ in scope["headers"])
        return scope["method"] in methods and has_key == keyed

    return put


def too_early(is_ordered: Callable[[], bool]) -> None:
    """Where it is ordered, a handler is told that what its event needs is not there yet."""

    async def called(original: Any, *given: Any, **named: Any) -> Any:
        if is_ordered():
            from shared.errors import PrerequisiteMissing

            raise PrerequisiteMissing("too_early", ko="시험: 아직 이릅니다", en="on purpose: too early")
        return await original(*given, **named)

    wrap("shared.messaging.dispatcher:Dispatcher.in_order", called)
