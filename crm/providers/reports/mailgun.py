"""Mailgun's webhooks: one event, signed with an HMAC over timestamp and token, not over the event itself.

Mailgun's documentation: “Securing Webhooks” and “Webhook Payloads” (documentation.mailgun.com/docs/mailgun/user-manual/webhooks).
A token is therefore good for one content only.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from crm.providers.mail_reports import (
    COMPLAINT,
    DEFERRED,
    DELIVERED,
    HARD,
    SOFT,
    TOKEN,
    UNSUBSCRIBED,
    MailEvent,
    Notice,
    Untrusted,
    is_recent,
    kind_of,
    moment,
    part,
    read_json,
    read_object,
    same,
    text,
)  # fmt: skip

NOT_TRIED = {"suppress-bounce": HARD, "suppress-complaint": COMPLAINT, "suppress-unsubscribe": None, "old": SOFT}
"""Why Mailgun did not even try, or gave up."""


class Mailgun:
    """Mailgun by Sinch."""

    key = "mailgun"
    label = "Mailgun"
    setting = "EMAIL_WEBHOOK_MAILGUN_SECRET"
    advice = "Sending → Webhooks: this address for delivered, permanent and temporary failure, complained and unsubscribed; the HTTP webhook signing key is the setting."

    def headers(self, token: str) -> Mapping[str, str]:
        return {"X-Mailgun-Variables": json.dumps({TOKEN: token})}

    def check(self, notice: Notice) -> None:
        stamp, token, signature = self._signature(notice)
        if not token or not is_recent(stamp, notice.at):
            raise Untrusted("The time is missing or too far from ours.")
        made = hmac.new(notice.secret.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
        if not same(signature, made):
            raise Untrusted("The signature is wrong.")

    def once(self, notice: Notice) -> str:
        return self._signature(notice)[1]

    def parse(self, notice: Notice) -> list[MailEvent]:
        event = read_object(part(read_json(notice.body), "event-data"))
        kind, reason = _judged(event)
        if kind is None or not text(event.get("id")):
            return []
        return [
            MailEvent(
                kind,
                text(event["id"]),
                text(event.get("recipient")),
                text(part(event, "message", "headers", "message-id")),
                text(part(event, "user-variables", TOKEN)),
                reason,
                moment(event.get("timestamp"), notice.at),
            )  # fmt: skip
        ]

    def _signature(self, notice: Notice) -> tuple[str, str, str]:
        signature = part(read_json(notice.body), "signature")
        return text(part(signature, "timestamp")), text(part(signature, "token")), text(part(signature, "signature"))


def _judged(event: Mapping[str, Any]) -> tuple[str | None, str]:
    status = part(event, "delivery-status")
    words = (
        part(status, "enhanced-code"),
        part(status, "code"),
        part(status, "message") or part(status, "description"),
    )
    reason = " ".join(filter(None, map(text, words)))
    match event.get("event"):
        case "delivered":
            return DELIVERED, reason
        case "complained":
            return COMPLAINT, reason
        case "unsubscribed":
            return UNSUBSCRIBED, reason
        case "failed" if event.get("severity") == "temporary":
            return DEFERRED, reason
        case "failed":
            why = text(event.get("reason"))
            return (NOT_TRIED[why] if why in NOT_TRIED else kind_of(reason)), reason or why
    return None, reason
