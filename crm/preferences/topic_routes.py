"""The page where a school says what people may choose, and which rules hold for everyone: topics, quiet hours, the cap."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, current_app, flash, redirect, render_template, url_for
from flask_login import current_user

from crm.conditions.mentions import uses_of
from crm.database import commit, db, rollback
from crm.lib import clock
from crm.preferences import topics
from crm.preferences.forms import RulesForm, TopicForm
from crm.preferences.models import Topic
from crm.preferences.topics import Refused
from crm.settings import operations as settings
from crm.users.access import requires

bp = Blueprint("topics", __name__, url_prefix="/consent")
MANAGE = "crm.settings.manage"


@bp.get("")
@requires(MANAGE)
def index() -> str:
    """The topics, and the rules for everyone."""
    return _page(_rules())


@bp.post("/rules")
@requires(MANAGE)
def save_rules() -> Any:
    """Save quiet hours and cap."""
    form = RulesForm()
    if not form.validate_on_submit():
        return _page(form), 422
    start, end = form.quiet_hours_start.data, form.quiet_hours_end.data
    settings.save(
        QUIET_HOURS_START=f"{start:%H:%M}" if start else "", QUIET_HOURS_END=f"{end:%H:%M}" if end else "",
        MARKETING_CAP=str(form.cap.data), MARKETING_CAP_DAYS=str(form.days.data),
    )  # fmt: skip
    commit()
    flash("The rules were saved. They hold from the next message on.", "good")
    return redirect(url_for(".index"), 303)


@bp.route("/topics/new", methods=["GET", "POST"])
@requires(MANAGE)
def new() -> Any:
    """Make a topic."""
    return _edited(TopicForm(), None)


@bp.route("/topics/<int:topic_id>", methods=["GET", "POST"])
@requires(MANAGE)
def edit(topic_id: int) -> Any:
    """Change a topic."""
    topic = _topic(topic_id)
    return _edited(TopicForm(obj=topic), topic)


@bp.get("/topics/<int:topic_id>/deletion")
@requires(MANAGE)
def ask_deletion(topic_id: int) -> str:
    """Says what uses the topic and who chose it."""
    topic = _topic(topic_id)
    counts = next((row for row in topics.topics_with_choices() if row[0].id == topic.id), (topic, 0, 0))
    return render_template(
        "preferences/topic_deletion.html",
        topic=topic,
        uses=uses_of(topics.mentioned(topic)),
        chose=counts[1],
        refused=counts[2],
    )


@bp.post("/topics/<int:topic_id>/deletion")
@requires(MANAGE)
def delete(topic_id: int) -> Any:
    """Delete the topic."""
    topic = _topic(topic_id)
    topics.delete_topic(topic)
    commit()
    flash(f"The topic “{topic.name}” was deleted.", "good")
    return redirect(url_for(".index"), 303)


def _edited(form: TopicForm, topic: Topic | None) -> Any:
    if form.validate_on_submit():
        words = form.name.data or "", form.description.data or ""
        more = {"is_default": form.is_default.data, "is_public": form.is_public.data}
        try:
            saved = (
                topics.update_topic(topic, *words, **more) or topic if topic else topics.create_topic(*words, **more)
            )
        except Refused as refused:
            rollback()
            form.name.errors = [str(refused)]
        else:
            commit()
            flash(f"The topic “{saved.name}” was saved.", "good")
            return redirect(url_for(".index"), 303)
    return render_template("preferences/topic.html", form=form, topic=topic), 422 if form.errors else 200


def _rules() -> RulesForm:
    config = current_app.config
    start, end = (clock.read_time(config[key]) for key in ("QUIET_HOURS_START", "QUIET_HOURS_END"))
    return RulesForm(
        data={
            "quiet_hours_start": start,
            "quiet_hours_end": end,
            "cap": int(config["MARKETING_CAP"]),
            "days": int(config["MARKETING_CAP_DAYS"]),
        }
    )


def _page(form: RulesForm) -> str:
    return render_template("preferences/index.html", topics=topics.topics_with_choices(), form=form, user=current_user)


def _topic(topic_id: int) -> Topic:
    return db.session.get(Topic, topic_id) or abort(404)
