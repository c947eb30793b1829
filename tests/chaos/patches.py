"""Install a crash point in a process by wrapping a function of the product, which knows nothing of it."""

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from pkgutil import resolve_name
from typing import Any

OnPass = Callable[[], None]
Install = Callable[[OnPass], None]
Condition = Callable[[Any, tuple[Any, ...]], object]

_retrying: ContextVar[bool] = ContextVar("retrying", default=False)


def always(result: Any, given: tuple[Any, ...]) -> bool:
    return True


def something(result: Any, given: tuple[Any, ...]) -> bool:
    """Return whether the function returned something."""
    return bool(result)


def nonempty_argument(result: Any, given: tuple[Any, ...]) -> bool:
    """Return whether the last argument is not empty."""
    return bool(given[-1])


def outcome(expected: str) -> Condition:
    return lambda result, given: result == expected


def before(function: str, when: Condition = always) -> Install:
    """Pass the point each time before `module:function` is called with arguments that satisfy `when`."""

    def install(on_pass: OnPass) -> None:
        async def called(original: Any, *given: Any, **named: Any) -> Any:
            if when(None, given):
                on_pass()
            return await original(*given, **named)

        wrap(function, called)

    return install


def after(function: str, when: Condition = always, given: Condition = always) -> Install:
    """Pass the point each time after `module:function` returned what satisfies `when`; `given` tests the arguments."""

    def install(on_pass: OnPass) -> None:
        async def called(original: Any, *arguments: Any, **named: Any) -> Any:
            is_given = given(None, arguments)
            result = await original(*arguments, **named)
            if is_given and when(result, arguments):
                on_pass()
            return result

        wrap(function, called)

    return install


def wrap(function: str, called: Callable[..., Any]) -> None:
    """Wrap `module:function`; raises AttributeError where the product has no such function any more."""
    name, _, attribute = (
        function.rpartition(".") if "." in function.partition(":")[2] else function.rpartition(":")
    )
    owner = resolve_name(name)
    original = getattr(owner, attribute)

    @wraps(original)
    async def wrapped(*given: Any, **named: Any) -> Any:
        return await called(original, *given, **named)

    setattr(owner, attribute, wrapped)


def retrying(install: Install) -> Install:
    """Narrow a point to the retries of parked records."""

    def narrowed(on_pass: OnPass) -> None:
        wrap("shared.messaging.dispatcher:Dispatcher.retry_head", _marked)
        install(lambda: on_pass() if _retrying.get() else None)

    return narrowed


async def _marked(original: Any, *given: Any, **named: Any) -> Any:
    token = _retrying.set(True)
    try:
        return await original(*given, **named)
    finally:
        _retrying.reset(token)


def replied(methods: frozenset[str], *, keyed: bool) -> Install:
    """Pass the point when a request has committed and its response is about to be sent; `keyed`: with Idempotency-Key."""

    def install(on_pass: OnPass) -> None:
        async def called(original: Any, self: Any, scope: Any, receive: Any, send: Any) -> Any:
            async def sending(message: Any) -> None:
                if message["type"] == "http.response.start" and message["status"] < 300 and is_one(scope):
                    on_pass()
                await send(message)

            return await original(self, scope, receive, sending)

        wrap("shared.web.requests:RequestContext.timed", called)

    def is_one(scope: Any) -> bool:
        has_key = any(name == b"idempotency-key" for name, _ in scope["headers"])
        return scope["method"] in methods and has_key == keyed

    return install


def raise_prerequisite_missing(is_armed: Callable[[], bool]) -> None:
    """Raise PrerequisiteMissing instead of calling the handler where that is armed."""

    async def called(original: Any, *given: Any, **named: Any) -> Any:
        if is_armed():
            from shared.errors import PrerequisiteMissing

            raise PrerequisiteMissing("too_early", ko="시험: 아직 이릅니다", en="on purpose: too early")
        return await original(*given, **named)

    wrap("shared.messaging.dispatcher:Dispatcher.handle_in_key_order", called)
