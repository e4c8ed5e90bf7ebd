"""Pages of a list by keyset, newest first. A cursor is signed for the address it was made for; any other is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from flask import current_app, request
from itsdangerous import BadSignature, Signer

from crm.database import db
from crm.lib import keyset
from crm.lib.keyset import Cursor, Order
from crm.lib.problems import Problem


def page_of_rows(statement: sa.Select[Any], order: Order, args: Mapping[str, Any]) -> keyset.Page:
    """One page of rows in this order; `next` is signed."""
    cursor = _read(args.get("cursor"), order)
    found = keyset.page(statement, order, cursor, lambda each: db.session.execute(each).all(), args["limit"])
    return keyset.Page(found.rows, _signer().sign(found.next).decode() if found.next else None)


def paged(found: sa.Select[Any], model: Any, args: Mapping[str, Any]) -> dict[str, Any]:
    """One page of the entities found, newest first."""
    number = model.id
    page = page_of_rows(found.with_only_columns(number), Order(number, number, is_descending=True), args)
    ids = [row.id for row in page.rows]
    rows = db.session.scalars(found.where(number.in_(ids)).order_by(number.desc())).all() if ids else []
    return {"data": rows, "next_cursor": page.next}


def _read(text: str | None, order: Order) -> Cursor | None:
    if not text:
        return None
    try:
        cursor = keyset.read_cursor(_signer().unsign(text).decode(), order)
    except (BadSignature, ValueError):
        cursor = None
    if cursor is None:
        raise Problem(422, errors=[{"parameter": "cursor", "detail": "This is no cursor of this list."}])
    return cursor


def _signer() -> Signer:
    secret = current_app.config["SECRET_KEY"]
    return Signer(secret, salt=f"cohort.cursor{request.path}", sep="~", digest_method=hashlib.sha256)
