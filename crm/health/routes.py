"""Probes: is the process up, and is the product ready."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, Response, jsonify

from crm.database import db
from crm.health.queries import is_alive
from crm.lib import clock
from crm.users.access import public

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@public()
def healthz() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@bp.get("/readyz")
@public()
def readyz() -> tuple[Response, int]:
    """The database answers and the worker was seen within three minutes; 503 otherwise, with what is missing."""
    database = _database_answers()
    worker = database and is_alive(clock.now())
    is_ready = database and worker
    body = jsonify(status="ok" if is_ready else "unready", database=database, worker=worker)
    return body, 200 if is_ready else 503


def _database_answers() -> bool:
    try:
        db.session.execute(sa.text("SELECT 1"))
    except sa.exc.SQLAlchemyError:
        db.session.rollback()
        return False
    return True
