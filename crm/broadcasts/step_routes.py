"""The steps of a broadcast that is written: audience, content, check. Each has its address and is kept at once."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from crm.audiences.queries import all_audiences
from crm.broadcasts import checklist, drafting, previewing, reckoning
from crm.broadcasts.drafting import Refused, Words
from crm.broadcasts.forms import AudienceForm, ContentForm
from crm.broadcasts.models import LETTERS, TESTS, Broadcast, Variant
from crm.broadcasts.routes import broadcast_or_404
from crm.contacts.models import Contact
from crm.contacts.queries import contact_meant, visible_contacts
from crm.database import commit, db, rollback
from crm.email import preview
from crm.email.models import EmailTemplate
from crm.email.queries import templates
from crm.email.values import tags
from crm.lib.form_checks import choices
from crm.lib.htmx import piece
from crm.lib.merge_tags import MergeError
from crm.preferences.models import Topic
from crm.users.access import requires
from crm.users.models import User
from crm.users.queries import users_by_name

bp = Blueprint("broadcast_steps", __name__, url_prefix="/broadcasts/<int:broadcast_id>")


@bp.get("/audience")
@requires("crm.broadcasts.create")
def audience(broadcast_id: int) -> ResponseReturnValue:
    """Step one: whom it is for."""
    broadcast = draft_or_404(broadcast_id)
    return _audience_page(broadcast, AudienceForm.of(broadcast))


@bp.post("/audience")
@requires("crm.broadcasts.create")
def keep_audience(broadcast_id: int) -> ResponseReturnValue:
    """Keep whom it is for."""
    broadcast, form = draft_or_404(broadcast_id), AudienceForm()
    if not form.validate_on_submit():
        return _audience_page(broadcast, form), 422
    known = {each.id: each for each in all_audiences()}
    chosen = {key: [known[each] for each in form[key].data or () if each in known] for key in ("include", "exclude")}
    try:
        drafting.check_writable(broadcast, form.seen)
        drafting.choose_audience(
            broadcast, chosen["include"], chosen["exclude"], form.condition.data,
            is_for_everyone=form.is_for_everyone.data, keeps_chosen=form.keeps_chosen.data,
        )  # fmt: skip
        broadcast.topic_id = form.topic_id.data if form.topic_id.data in dict(_topics()) else None
    except Refused as refused:
        return _refused(lambda: _audience_page(broadcast, form), form, broadcast, refused)
    commit()
    return redirect(url_for(f".{'audience' if 'stay' in request.form else 'content'}", broadcast_id=broadcast.id), 303)


@bp.get("/reckoning")
@requires("crm.broadcasts.view")
def reckon(broadcast_id: int) -> ResponseReturnValue:
    """How many will get it, and why the others will not."""
    broadcast = broadcast_or_404(broadcast_id)
    back = url_for("broadcasts.show", broadcast_id=broadcast.id)
    return piece(
        "broadcasts/_reckoning.html",
        "Who will get it",
        back,
        broadcast=broadcast,
        reckoning=reckoning.reckon(broadcast),
        names_button="button" in request.args,
    )


@bp.get("/content")
@bp.get("/content/<letter>")
@requires("crm.broadcasts.create")
def content(broadcast_id: int, letter: str = "A") -> ResponseReturnValue:
    """Step two: what it says."""
    broadcast = draft_or_404(broadcast_id)
    return _content_page(broadcast, ContentForm.of(broadcast, _variant(broadcast, letter)), letter)


@bp.post("/content/<letter>")
@requires("crm.broadcasts.create")
def keep_content(broadcast_id: int, letter: str) -> ResponseReturnValue:
    """Keep what it says."""
    broadcast, form = draft_or_404(broadcast_id), ContentForm()
    if not form.validate_on_submit():
        return _content_page(broadcast, form, letter), 422
    try:
        drafting.check_writable(broadcast, form.seen)
        drafting.write(broadcast, Words(**form.words()), LETTERS.index(letter))
    except Refused as refused:
        return _refused(lambda: _content_page(broadcast, form, letter), form, broadcast, refused)
    commit()
    flash("The email was saved.", "good")
    if "stay" in request.form or len(broadcast.variants) > 1:
        return redirect(url_for(".content", broadcast_id=broadcast.id, letter=letter), 303)
    return redirect(url_for(".check", broadcast_id=broadcast.id), 303)


@bp.post("/content/<letter>/template")
@requires("crm.broadcasts.create")
def take_template(broadcast_id: int, letter: str) -> ResponseReturnValue:
    """Put the words of a template in place of what is there."""
    broadcast = draft_or_404(broadcast_id)
    template = db.session.get(EmailTemplate, request.form.get("template", 0, type=int))
    if template is None or letter not in LETTERS:
        flash("Choose a template.", "warn")
    else:
        _changed(lambda: drafting.use_template(broadcast, template, LETTERS.index(letter)))
    return redirect(url_for(".content", broadcast_id=broadcast_id, letter=letter), 303)


@bp.post("/variants")
@requires("crm.broadcasts.create")
def add_variant(broadcast_id: int) -> ResponseReturnValue:
    """Try one more wording."""
    broadcast = draft_or_404(broadcast_id)
    test_on = request.form.get("test_on", "subject")
    _changed(lambda: drafting.add_variant(broadcast, test_on if test_on in TESTS else "subject"))
    letter = LETTERS[max(0, len(broadcast.variants) - 1)]
    return redirect(url_for(".content", broadcast_id=broadcast_id, letter=letter), 303)


@bp.post("/variants/<letter>/deletion")
@requires("crm.broadcasts.create")
def remove_variant(broadcast_id: int, letter: str) -> ResponseReturnValue:
    """Try one wording less."""
    broadcast = draft_or_404(broadcast_id)
    _changed(lambda: drafting.remove_variant(broadcast, LETTERS.find(letter)))
    return redirect(url_for(".content", broadcast_id=broadcast_id), 303)


@bp.post("/preview")
@requires("crm.broadcasts.create", reads=True)
def show_preview(broadcast_id: int) -> Any:
    """The words in the form as an email, for the frame beside it. Nothing is kept."""
    draft_or_404(broadcast_id)
    form = ContentForm()
    problems = form.problems()
    return preview.framed_problems(problems) if problems else _framed(form.words(), _reader())


@bp.get("/preview/<letter>")
@requires("crm.broadcasts.view")
def show_saved(broadcast_id: int, letter: str) -> Any:
    """A wording as it is saved, as the contact in the address would get it."""
    words = _variant(broadcast_or_404(broadcast_id), letter)
    if words is None:
        abort(404)
    found = words.content
    said = {"form": found.format, "subject": found.subject, "preheader": found.preheader, "body": found.body}
    return _framed(said, _reader())


@bp.get("/check")
@requires("crm.broadcasts.create")
def check(broadcast_id: int) -> ResponseReturnValue:
    """Step three: how it will look, and what to know before."""
    broadcast, reader, problem = draft_or_404(broadcast_id), _reader(), ""
    if text := request.args.get("who", "").strip()[:255]:
        try:
            reader = contact_meant(current_user, text)
        except ValueError as error:
            problem = str(error)
    following = (
        previewing.a_recipient(broadcast, current_user, reader.id if reader else 0) if broadcast.has_audience else None
    )
    variant = _variant(broadcast, request.args.get("letter", "A")) or _variant(broadcast, "A")
    return render_template(
        "broadcasts/check.html", broadcast=broadcast, reader=reader, problem=problem, following=following,
        letter=variant.letter if variant else "A", staff=users_by_name(),
        inbox=previewing.in_the_inbox(variant.content, reader) if variant else None,
    )  # fmt: skip


@bp.get("/findings")
@requires("crm.broadcasts.create")
def findings(broadcast_id: int) -> ResponseReturnValue:
    """What to know before it goes out."""
    broadcast = draft_or_404(broadcast_id)
    found = reckoning.reckon(broadcast)
    values = {"broadcast": broadcast, "reckoning": found, "findings": checklist.findings(broadcast, found)}
    return piece("broadcasts/_findings.html", "Checks", url_for(".check", broadcast_id=broadcast.id), **values)


@bp.post("/links")
@requires("crm.broadcasts.create")
def check_links(broadcast_id: int) -> ResponseReturnValue:
    """Have the links looked at again."""
    drafting.links_are_due(draft_or_404(broadcast_id))
    commit()
    return redirect(url_for(".check", broadcast_id=broadcast_id), 303)


@bp.post("/test/<letter>")
@requires("crm.broadcasts.create")
def send_test(broadcast_id: int, letter: str) -> ResponseReturnValue:
    """Send a wording to some of the staff."""
    broadcast = draft_or_404(broadcast_id)
    variant, people = _variant(broadcast, letter), _staff(request.form.getlist("to", type=int))
    if variant is None or not people:
        flash("Write the email and choose whom the test goes to.", "warn")
        return redirect(url_for(".check", broadcast_id=broadcast_id), 303)
    try:
        previewing.send_test(variant.content, people, _reader(), broadcast.sender_id)
        commit()
        flash(f"A test is on its way to {', '.join(each.email for each in people)}.", "good")
    except MergeError as error:
        rollback()
        flash(f"This cannot be sent: {error}", "bad")
    return redirect(url_for(".check", broadcast_id=broadcast_id, letter=letter), 303)


def draft_or_404(broadcast_id: int) -> Broadcast:
    """The broadcast, while it can be changed; one that was launched leads to its results."""
    broadcast = broadcast_or_404(broadcast_id)
    if not broadcast.is_writable:
        abort(redirect(url_for("broadcast_results.show", broadcast_id=broadcast.id), 303))
    return broadcast


def _audience_page(broadcast: Broadcast, form: AudienceForm) -> str:
    found = choices((str(each.id), f"{each.name} ({each.member_count:,})") for each in all_audiences())
    form.include.choices = form.exclude.choices = found
    form.topic_id.choices = choices([("", "No topic"), *((str(number), name) for number, name in _topics())])
    chosen = drafting.chosen_count(broadcast) if broadcast.is_for_chosen else 0
    return render_template("broadcasts/audience.html", broadcast=broadcast, form=form, chosen=chosen)


def _topics() -> list[tuple[int, str]]:
    rows = db.session.execute(sa.select(Topic.id, Topic.name).order_by(Topic.name))
    return [(row.id, row.name) for row in rows]


def _content_page(broadcast: Broadcast, form: ContentForm, letter: str) -> str:
    if letter not in LETTERS or LETTERS.index(letter) > len(broadcast.variants):
        abort(404)
    is_subject_only = broadcast.test_on == "subject" and letter != "A"
    shown = {"templates": templates(), "tags": tags(), "is_subject_only": is_subject_only}
    return render_template("broadcasts/content.html", broadcast=broadcast, form=form, letter=letter, **shown)


def _variant(broadcast: Broadcast, letter: str) -> Variant | None:
    return next((each for each in broadcast.variants if each.letter == letter), None)


def _reader() -> Contact | None:
    """The contact whose eyes it is looked at through, if the viewer may see them."""
    wanted = request.values.get("as", 0, type=int)
    return db.session.scalar(visible_contacts(current_user).where(Contact.id == wanted)) if wanted else None


def _framed(words: dict[str, str], contact: Contact | None) -> Any:
    try:
        return preview.framed(previewing.as_read_by(**words, contact=contact).html)
    except MergeError as error:
        return preview.framed_problems({"body": [str(error)]})


def _staff(ids: list[int]) -> list[User]:
    return [each for each in users_by_name() if each.id in ids]


def _changed(change: Any) -> None:
    """Do it, or say why not."""
    try:
        change()
        commit()
    except Refused as refused:
        rollback()
        flash(str(refused), "bad")


def _refused(page: Any, form: Any, broadcast: Broadcast, refused: Refused) -> ResponseReturnValue:
    rollback()
    form.version.data = str(broadcast.version)
    flash(str(refused), "bad")
    return page(), 409
