"""Who may do what: every view declares it, and what declares nothing is refused.

`@requires("crm.contacts.edit")`, `@signed_in` or `@public()` stand on each view; `guard` runs before every request.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Response, abort, current_app, g, redirect, request, url_for
from flask_login import current_user

from crm.database import commit
from crm.lib.problems import problem_reply
from crm.security import is_api_call

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Access:
    """What a view asks of its caller. `writes` marks a GET that records something, `reads` a POST that only asks."""

    permissions: tuple[str, ...] = ()
    is_public: bool = False
    writes: bool = False
    reads: bool = False


def requires(*permissions: str, reads: bool = False) -> Callable[[View], View]:
    """The view is for signed-in users who hold all these permissions."""
    return _declare(Access(permissions, reads=reads))


def signed_in(view: View) -> View:
    """The view is for every signed-in user."""
    return _declare(Access())(view)


def public(*, writes: bool = False) -> Callable[[View], View]:
    """The view is for everybody."""
    return _declare(Access(is_public=True, writes=writes))


def _declare(access: Access) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.access = access  # type: ignore[attr-defined]
        return view

    return mark


def access_of(endpoint: str) -> Access | None:
    """What the view behind an endpoint declared."""
    if endpoint == "static":
        return Access(is_public=True)
    return getattr(current_app.view_functions.get(endpoint), "access", None)


def guard() -> Response | None:
    """Before every request: an unknown address is a 404, a view without a declaration a 403, the rest as declared."""
    if request.endpoint is None:
        return None
    access = access_of(request.endpoint)
    if access is None:
        abort(403)
    g.writes, g.reads = access.writes, access.reads
    if access.is_public:
        return None
    if not current_user.is_authenticated:
        return _to_sign_in()
    if not is_api_call():
        if current_user.has_initial_password and request.endpoint not in WITH_INITIAL_PASSWORD:
            return _sent_to(url_for("users.password"))
        if current_user.lacks_two_factor and request.endpoint not in WITHOUT_TWO_FACTOR:
            return _sent_to(url_for("two_factor.index"))
    if not all(current_user.can(permission) for permission in access.permissions):
        abort(403)
    if request.mimetype == "multipart/form-data":
        commit()  # a file may take minutes to arrive; others write meanwhile
    return None


def _to_sign_in() -> Response:
    if is_api_call():
        return problem_reply(401)
    is_page = request.method == "GET" and not request.headers.get("HX-Request")
    return _sent_to(url_for("users.sign_in", next=request.full_path.rstrip("?") if is_page else None))


def _sent_to(target: str) -> Response:
    """On to `target`, as a whole page even when htmx asked for a piece."""
    if request.headers.get("HX-Request"):
        return Response(status=401, headers={"HX-Redirect": target})
    return redirect(target, 303 if request.method == "POST" else 302)  # type: ignore[return-value]


WITH_INITIAL_PASSWORD = {"users.password", "users.change_password"}
"""All that is open to somebody who still has the password they were given."""
WITHOUT_TWO_FACTOR = WITH_INITIAL_PASSWORD | {"two_factor.index", "two_factor.begin", "two_factor.finish"}
"""All that is open to somebody whose role asks for two-factor while they have none."""
