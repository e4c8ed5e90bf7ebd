"""The builder of conditions at work: its rows after a change, and how many of the viewer's contacts match."""

from __future__ import annotations

import re

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from crm.conditions.builder import Builder
from crm.conditions.compiler import compile_condition
from crm.conditions.posting import read_posted
from crm.conditions.queries import CAP, count_up_to
from crm.conditions.reading import validate
from crm.contacts.queries import scope
from crm.users.access import requires

bp = Blueprint("contact_conditions", __name__, url_prefix="/contacts/conditions")


@bp.post("/<name>/rows")
@requires("crm.contacts.view", reads=True)
def edit(name: str) -> ResponseReturnValue:
    """The builder's inputs again, with the controls that fit the chosen fields and the pressed button's edit made."""
    builder = Builder(_checked(name), read_posted(request.form, name), narrows="narrows" in request.args)
    return render_template("conditions/_rows.html", builder=builder, rows=builder.root)


@bp.post("/<name>/count")
@requires("crm.contacts.view", reads=True)
def count(name: str) -> ResponseReturnValue:
    """How many contacts match, of those the viewer may see; both are counted no further than the cap."""
    condition = read_posted(request.form, _checked(name))
    values = {"cap": CAP, "is_ready": not validate(condition), "is_empty": not condition["conditions"]}
    if values["is_empty"] and "narrows" in request.args:
        return ""
    if values["is_ready"]:
        visible = scope(current_user)
        values["total"] = count_up_to(visible)
        values["matching"] = count_up_to(compile_condition(condition), visible)
    return render_template("conditions/_count.html", **values)


def _checked(name: str) -> str:
    """The builder's name as it may stand in ids and names."""
    return name if re.fullmatch(r"[A-Za-z][\w-]{0,59}", name, re.ASCII) else abort(404)
