"""Where carriers report to. Each door is closed until its secret is set, and opens to what proves that it comes from there."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, current_app, jsonify, request
from flask.blueprints import BlueprintSetupState

from crm.bounces import operations
from crm.bounces.certificates import certificate_at
from crm.database import commit, rollback
from crm.lib import clock
from crm.lib.problems import problem_reply
from crm.providers.mail_reports import Notice, Reporter, Unreadable, Untrusted
from crm.providers.reports import REPORTERS
from crm.users.access import public

bp = Blueprint("email_webhooks", __name__, url_prefix="/api/webhooks/email")
log = logging.getLogger(__name__)
LARGEST = 4 * 1024 * 1024


@bp.record_once
def _takes_posts_from_elsewhere(state: BlueprintSetupState) -> None:
    """Carriers have no form to take a token from; what they send proves itself."""
    state.app.extensions["csrf"].exempt(bp)


@bp.post("/<provider>")
@public()
def receive(provider: str) -> Response:
    """Take a report in. 2xx means stored; whatever proves nothing changes nothing."""
    reporter = REPORTERS.get(provider)
    if reporter is None:
        return problem_reply(404, "No such carrier.")
    if not current_app.config[reporter.setting]:
        return problem_reply(403, f"{reporter.setting} is not set.")
    request.max_content_length = LARGEST
    try:
        taken = _taken(reporter, _notice(reporter))
    except Untrusted as error:
        log.warning("a report to %s was refused: %s", provider, error)
        return _refused(403, str(error))
    except Unreadable as error:
        log.warning("a report to %s could not be read: %s", provider, error)
        return _refused(400, str(error))
    return jsonify(taken=taken)


def _notice(reporter: Reporter) -> Notice:
    headers = {name.lower(): value for name, value in request.headers.items()}
    secret = current_app.config[reporter.setting]
    return Notice(request.get_data(cache=False), headers, secret, clock.now(), certificate_at)


def _taken(reporter: Reporter, notice: Notice) -> int:
    reporter.check(notice)
    events = reporter.parse(notice)
    if once := reporter.once(notice):
        operations.spend(reporter.key, once, notice.body, notice.at)
    taken = operations.take_in(reporter.key, events, notice.at)
    commit()
    return taken


def _refused(status: int, words: str) -> Response:
    rollback()
    return problem_reply(status, words)
