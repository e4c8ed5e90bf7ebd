"""Photos: one's own, and showing anybody's to colleagues."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from flask_login import current_user

from crm.database import commit
from crm.lib.limits import limiter
from crm.users import photos
from crm.users.access import signed_in

bp = Blueprint("photos", __name__)


@bp.get("/people/<int:user_id>/photo/<digest>")
@signed_in
def show(user_id: int, digest: str) -> Response:
    """The photo at an address that changes with it."""
    data = photos.data_of(user_id, digest) or abort(404)
    return Response(
        data,
        mimetype="image/webp",
        headers={
            "Cache-Control": "private, max-age=31536000, immutable",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Content-Disposition": 'inline; filename="photo.webp"',
        },
    )


@bp.post("/account/photo")
@signed_in
@limiter.limit("30 per hour", key_func=lambda: f"user {current_user.id}")
def keep() -> Any:
    """Take a photo, or (`remove`) forget it."""
    if request.form.get("remove"):
        photos.forget(current_user)
        commit()
        flash("Your photo was removed.", "good")
        return redirect(url_for("users.account"), 303)
    sent = request.files.get("photo")
    try:
        if sent is None or not sent.filename:
            raise ValueError("Choose a picture first.")
        square = photos.drawn(sent.stream.read(photos.LARGEST + 1))
    except ValueError as error:
        flash(str(error), "bad")
        return redirect(url_for("users.account"), 303)
    photos.keep(current_user, square)
    commit()
    flash("Your photo was saved.", "good")
    return redirect(url_for("users.account"), 303)
