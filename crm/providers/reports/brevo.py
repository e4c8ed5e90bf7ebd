"""Brevo's transactional webhooks: one event or a list of them, behind a token or a user name and password.

Brevo's documentation: “Transactional webhooks” and “Create a webhook” (developers.brevo.com/docs/transactional-webhooks): `auth` has the
type bearer or basic. Its events have no id of their own.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from crm.providers.mail_reports import (
    BLOCKED,
    COMPLAINT,
    DEFERRED,
    DELIVERED,
    HARD,
    SOFT,
    UNSUBSCRIBED,
    MailEvent,
    Notice,
    Untrusted,
    kind_of,
    moment,
    read_json,
    read_object,
    same,
    text,
)  # fmt: skip

EVENTS = {
    "delivered": DELIVERED, "hard_bounce": HARD, "invalid_email": HARD, "soft_bounce": SOFT, "blocked": BLOCKED,
    "error": BLOCKED, "spam": COMPLAINT, "complaint": COMPLAINT, "deferred": DEFERRED,
    "unsubscribed": UNSUBSCRIBED,
}  # fmt: skip


class Brevo:
    """Brevo, once Sendinblue."""

    key = "brevo"
    label = "Brevo"
    setting = "EMAIL_WEBHOOK_BREVO_SECRET"
    advice = "Transactional → Settings → Webhook: this address with delivered, bounces, blocked, invalid, complaint and unsubscribed, and token authentication; the token (or user:password) is the setting."

    def headers(self, token: str) -> Mapping[str, str]:
        return {"X-Mailin-custom": token}

    def check(self, notice: Notice) -> None:
        given = notice.headers.get("authorization", "")
        basic = "Basic " + base64.b64encode(notice.secret.encode()).decode()
        if not same(given, f"Bearer {notice.secret}") | same(given, basic):
            raise Untrusted("The token is wrong.")

    def once(self, notice: Notice) -> str:  # noqa: ARG002
        return ""

    def parse(self, notice: Notice) -> list[MailEvent]:
        body = read_json(notice.body)
        events = body if isinstance(body, list) else [body]
        return [found for each in events if (found := self._event(read_object(each), notice))]

    def _event(self, event: Mapping[str, Any], notice: Notice) -> MailEvent | None:
        kind, reason = EVENTS.get(text(event.get("event"))), text(event.get("reason"))
        if kind is None:
            return None
        names = (
            event.get("event"),
            event.get("message-id"),
            event.get("email"),
            event.get("ts_epoch") or event.get("ts_event"),
        )
        return MailEvent(
            kind_of(reason) if kind == HARD and reason else kind, ":".join(map(text, names)), text(event.get("email")),
            text(event.get("message-id")), text(event.get("X-Mailin-custom")), reason,
            moment(event.get("ts_epoch") or event.get("ts_event"), notice.at),
        )  # fmt: skip
