"""What every resource of the API is: a blueprint under /api/v1 whose changes are committed by the frame, together with the answer
kept for their Idempotency-Key. So a view never commits.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, current_app, g, make_response, request
from flask_login import current_user
from flask_smorest import Blueprint

from crm.activity.vocabulary import Actor
from crm.api.bodies import LARGEST, Parser
from crm.api.idempotency import Claim
from crm.database import commit, rollback
from crm.lib.limits import limiter

CHANGES = {"POST", "PUT", "PATCH", "DELETE"}
RATE = "600 per minute"
"""For each owner of tokens; API_RATE in the configuration stands above it."""


class Resource(Blueprint):
    """The addresses of one noun."""

    ARGUMENTS_PARSER = Parser()

    def __init__(self, noun: str, description: str):
        name = re.sub(r"<[^>]*>|\W+", "_", f"api_{noun}").replace("__", "_").replace("__", "_")
        super().__init__(name, __name__, url_prefix=f"/api/v1/{noun}", description=description)
        self.title = re.sub(r"<(?:int:)?(\w+)>", "{id}", noun)
        self.before_request(_limit_size)
        self.after_request(_say_rate)
        limiter.shared_limit(_rate, scope="api", key_func=_owner)(self)

    def add_url_rule(self, rule: str, endpoint: Any = None, view_func: Any = None, *given: Any, **options: Any) -> None:
        if view_func is not None and CHANGES & set(options.get("methods", ())) and not view_func.access.reads:
            view_func = _finished(view_func)
        super().add_url_rule(rule, endpoint, view_func, *given, **options)


def actor() -> Actor:
    """Who does it: the token's owner, by the name of the token."""
    return Actor(name=f"{current_user.name} ({g.get('api_token_name') or 'API'})"[:120], user_id=current_user.id)


def _finished(view: Callable[..., Any]) -> Callable[..., Any]:
    """The view, its change and its kept answer committed as one; undone if it raises."""

    @wraps(view)
    def finish(*arguments: Any, **named: Any) -> Response:
        claim = Claim(current_user.id)
        before = claim.take()
        if before is not None:
            return before
        try:
            reply = make_response(view(*arguments, **named))
            claim.keep(reply)
            commit()
        except BaseException:
            rollback()
            claim.drop()
            raise
        return reply

    return finish


def _limit_size() -> None:
    request.max_content_length = LARGEST


def _owner() -> str:
    return f"api {current_user.id}" if current_user.is_authenticated else "api"


def _rate() -> str:
    return current_app.config.get("API_RATE", RATE)


def _say_rate(reply: Response) -> Response:
    """RateLimit headers, the time in seconds."""
    limit = limiter.current_limit
    if limit is not None:
        reply.headers["RateLimit-Limit"] = str(limit.limit.amount)
        reply.headers["RateLimit-Remaining"] = str(max(0, limit.remaining))
        reply.headers["RateLimit-Reset"] = str(max(0, round(limit.reset_at - time.time())))
    return reply
