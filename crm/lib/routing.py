"""Routes quick to declare: how to write an address of one is worked out when it is first written."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

from flask import Flask
from werkzeug.routing import Rule


def init_app(app: Flask) -> None:
    """For the routes declared from now on."""
    app.url_rule_class = RuleOnDemand  # type: ignore[misc]


class RuleOnDemand(Rule):
    """A route of which werkzeug compiles what builds its address not for all routes at the start, which takes half of it."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        made = cache(partial(super()._compile_builder, append_unknown))
        return lambda rule, /, **values: made()(rule, **values)
