"""How often one caller may try something: counted in this process, or in Redis when several processes share the work.

A view takes `@limiter.limit("10 per 15 minutes", key_func=…)` under its access declaration. Beyond it the answer is 429 with `Retry-After`.
"""

from __future__ import annotations

import ipaddress
import math
import time

from flask import Flask, Response, render_template, request
from flask_limiter import Limiter, RateLimitExceeded

from crm.lib.problems import problem_reply
from crm.security import is_api_call


def caller() -> str:
    """The address that asks; of IPv6 its /64, as one household holds that many addresses. `X-Forwarded-For` counts only behind TRUSTED_PROXIES."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def failed(response: Response) -> bool:
    """Whether a try failed; for limits that count only those."""
    return response.status_code >= 400


limiter = Limiter(caller)


def init_app(app: Flask) -> None:
    """Count in Redis when there is one; while Redis is away, in this process."""
    app.config.setdefault("RATELIMIT_STORAGE_URI", app.config["REDIS_URL"] or "memory://")
    app.config.setdefault("RATELIMIT_STRATEGY", "moving-window")
    app.config.setdefault("RATELIMIT_HEADERS_ENABLED", True)
    app.config.setdefault("RATELIMIT_IN_MEMORY_FALLBACK_ENABLED", True)
    limiter.init_app(app)
    app.register_error_handler(RateLimitExceeded, _wait)


def _wait(_error: RateLimitExceeded) -> tuple[str, int] | Response:
    """The page that says how long; `Retry-After` says it to programs."""
    if is_api_call():
        return problem_reply(429)
    limit = limiter.current_limit
    minutes = math.ceil((limit.reset_at - 1 - time.time()) / 60) if limit else 1
    text = f"To keep accounts safe we pause after several tries. Try again in {f'{minutes} minutes' if minutes > 1 else 'a minute'}."
    return render_template("errors/429.html", code=429, reason=text), 429
