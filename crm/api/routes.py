"""The description of the API, for programs and for people."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, render_template

from crm.api import docs
from crm.api.openapi import INTRODUCTION, description
from crm.users.access import public

bp = Blueprint("api", __name__)


@bp.get("/api/v1/openapi.json")
@public()
def openapi() -> Response:
    """The OpenAPI document."""
    return jsonify(description())


@bp.get("/api/docs")
@public()
def show() -> str:
    """The same to read."""
    spec = description()
    return render_template("api/docs.html", introduction=docs.introduction(INTRODUCTION), chapters=docs.chapters(spec))
