"""The roles page: who may do what, as a matrix, and the roles a school makes itself."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user

from crm.database import commit, rollback
from crm.users import making_roles, queries
from crm.users.access import requires
from crm.users.forms import FixedRoleForm, OurRoleForm
from crm.users.models import Role
from crm.users.roles import ALL, PERMISSIONS, REACH, ROLE_LABELS, ROLES

bp = Blueprint("roles", __name__, url_prefix="/roles")


@bp.get("")
@requires("crm.settings.manage")
def index() -> str:
    """Every role and what it may do."""
    return render_template("roles/index.html", columns=_columns(), permissions=PERMISSIONS, reach=REACH)


@bp.route("/new", methods=["GET", "POST"])
@requires("crm.settings.manage")
def new() -> Any:
    """Make a role, from nothing or (`from`) as a copy."""
    start = next((each for each in _columns() if each["key"] == request.args.get("from")), None)
    data = {"reach": "own"}
    if start:
        data = {"name": f"{start['label']} (copy)", "reach": start["reach"], "permissions": sorted(start["held"])}
    return _edit(None, data)


@bp.route("/<key>", methods=["GET", "POST"])
@requires("crm.settings.manage")
def edit(key: str) -> Any:
    """Change a role."""
    if key in ROLES:
        return _choose(key)
    role = _role(key)
    fields = ("name", "reach", "permissions", "needs_two_factor")
    return _edit(role, {each: getattr(role, each) for each in fields})


@bp.post("/<key>/deletion")
@requires("crm.settings.manage")
def delete(key: str) -> Any:
    """Remove a role nobody has."""
    role = _role(key)
    try:
        making_roles.delete_role(role, current_user)
    except ValueError as error:
        rollback()
        flash(str(error), "bad")
        return redirect(url_for(".edit", key=key), 303)
    commit()
    flash(f"Role “{role.name}” was deleted.", "good")
    return redirect(url_for(".index"), 303)


def _edit(role: Role | None, data: dict[str, Any]) -> Any:
    form = OurRoleForm(data=data)
    if form.validate_on_submit():
        try:
            made = making_roles.save_role(
                role, form.name.data or "", form.permissions.data or [], form.reach.data,
                form.needs_two_factor.data, current_user,
            )  # fmt: skip
        except ValueError as error:
            rollback()
            form.name.errors = [str(error)]
        else:
            commit()
            flash(f"Role “{made.name}” was saved.", "good")
            return redirect(url_for(".index"), 303)
    return render_template("roles/form.html", form=form, role=role), 422 if form.errors else 200


def _choose(key: str) -> Any:
    known = queries.role(key)
    data = {"reach": known.reach, "needs_two_factor": known.needs_two_factor} if known else {"reach": "own"}
    form = FixedRoleForm(data=data)
    if key != "crm_agent":
        del form.reach
    if form.validate_on_submit():
        try:
            reach = form.reach.data if "reach" in form else "all"
            making_roles.choose(key, reach, form.needs_two_factor.data, current_user)
        except ValueError as error:
            rollback()
            form.needs_two_factor.errors = [str(error)]
        else:
            commit()
            flash(f"{ROLE_LABELS[key]}: saved.", "good")
            return redirect(url_for(".index"), 303)
    page = render_template("roles/fixed.html", form=form, key=key, label=ROLE_LABELS[key])
    return page, 422 if form.errors else 200


def _columns() -> list[dict[str, Any]]:
    """The roles in order, each with what it grants: a column of the matrix."""
    known = queries.roles_by_key()
    columns = []
    for key, label in queries.role_labels().items():
        row = known.get(key)
        held = ROLES[key] if key in ROLES else ALL & frozenset(row.permissions)
        reach = "all" if key in ROLES and key != "crm_agent" else row.reach if row else "own"
        asks = bool(row and row.needs_two_factor)
        columns.append({"key": key, "label": label, "held": held, "reach": reach, "asks": asks, "is_ours": key not in ROLES})  # fmt: skip
    return columns


def _role(key: str) -> Role:
    role = queries.role(key)
    return role if role is not None and role.is_ours else abort(404)
