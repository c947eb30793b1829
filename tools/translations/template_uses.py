"""Keys and families of texts in Jinja templates."""

import re
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, nodes

from tools.translations.uses import KEY, Uses

LOOK_UPS = {"t", "sentence", "html"}
COMMENT = re.compile(r"{#-? texts: (.+?) -?#}", re.DOTALL)
NAMED = re.compile(r"([\w.]+)\.{([^}]+)}|([\w.]+)")


def template_uses(path: Path, root: Path) -> Uses:
    source, uses = path.read_text(encoding="utf-8"), Uses()
    for call in (
        Environment(autoescape=True).parse(source).find_all(nodes.Call)
    ):  # only parsed, never rendered
        if getattr(call.node, "name", getattr(call.node, "attr", None)) in LOOK_UPS and call.args:
            place = f"{path.relative_to(root)}:{call.lineno}"
            for expression in branches(call.args[0]):
                add_expression(expression, place, uses)
    for comment in COMMENT.findall(source):
        for prefix, values, key in NAMED.findall(comment):
            if key:
                uses.keys[key] = str(path.relative_to(root))
            else:
                uses.declare(prefix, re.split(r"[,\s]+", values))
    return uses


def add_expression(expression: nodes.Node, place: str, uses: Uses) -> None:
    """Add a constant key, or the beginning of one that is put together."""
    if isinstance(expression, nodes.Const) and KEY.fullmatch(str(expression.value)):
        uses.keys[str(expression.value)] = place
    elif isinstance(expression, nodes.Concat) and isinstance(expression.nodes[0], nodes.Const):
        uses.beginnings[str(expression.nodes[0].value)] = place


def branches(expression: nodes.Node) -> Iterator[nodes.Node]:
    """Yield the expression, or both sides of a condition."""
    if isinstance(expression, nodes.CondExpr):
        yield from branches(expression.expr1)
        if expression.expr2 is not None:
            yield from branches(expression.expr2)
    else:
        yield expression
