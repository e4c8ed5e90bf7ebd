"""Reports in a form of our own, for a mail server or relay that no other file fits.

    POST …/generic, X-Cohort-Signature: sha256=<hex HMAC-SHA256 of the body with the secret>
    {"events": [{"id": "7f", "type": "bounced", "email": "carla@example.com", "message_id": "<…>", "at": "2026-01-31T09:00:00Z",
                 "status": "5.1.1", "reason": "550 5.1.1 no such user"}]}

`type` is delivered, bounced (its status or reason decide what kind), soft_bounced, blocked, complained or deferred.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from crm.providers.mail_reports import (
    BLOCKED,
    COMPLAINT,
    DEFERRED,
    DELIVERED,
    SOFT,
    UNSUBSCRIBED,
    MailEvent,
    Notice,
    Unreadable,
    Untrusted,
    kind_of,
    moment,
    read_json,
    read_object,
    same,
    text,
)  # fmt: skip

TYPES = {
    "delivered": DELIVERED,
    "soft_bounced": SOFT,
    "blocked": BLOCKED,
    "complained": COMPLAINT,
    "deferred": DEFERRED,
    "unsubscribed": UNSUBSCRIBED,
}


class Generic:
    """Any sender of our own form."""

    key = "generic"
    label = "Another mail server"
    setting = "EMAIL_WEBHOOK_GENERIC_SECRET"
    advice = "Let it post each event as JSON, signed with the secret; docs/running.md has the form."

    def headers(self, token: str) -> Mapping[str, str]:  # noqa: ARG002
        return {}

    def check(self, notice: Notice) -> None:
        made = hmac.new(notice.secret.encode(), notice.body, hashlib.sha256).hexdigest()
        if not same(notice.headers.get("x-cohort-signature", ""), f"sha256={made}"):
            raise Untrusted("The signature is wrong.")

    def once(self, notice: Notice) -> str:  # noqa: ARG002
        return ""

    def parse(self, notice: Notice) -> list[MailEvent]:
        body = read_json(notice.body)
        events = body if isinstance(body, list) else read_object(body).get("events", [body])
        if not isinstance(events, list):
            raise Unreadable("“events” is no list.")
        return [found for each in events if (found := self._event(read_object(each), notice))]

    def _event(self, event: Mapping[str, Any], notice: Notice) -> MailEvent | None:
        reason = " ".join(filter(None, (text(event.get("status"), 20), text(event.get("reason")))))
        kind = kind_of(reason) if event.get("type") == "bounced" else TYPES.get(text(event.get("type")))
        if kind is None or not text(event.get("id")):
            raise Unreadable("An event has no “id”, or a “type” that is not known.")
        return MailEvent(
            kind, text(event["id"]), text(event.get("email")), text(event.get("message_id")), text(event.get("token")),
            reason, moment(event.get("at"), notice.at),
        )  # fmt: skip
