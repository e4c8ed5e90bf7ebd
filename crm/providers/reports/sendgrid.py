"""SendGrid's Event Webhook: a list of events, signed with ECDSA over timestamp and body.

Twilio's documentation: “Event Webhook Reference” and “Getting Started with the Event Webhook Security Features”
(www.twilio.com/docs/sendgrid/for-developers/tracking-events).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from crm.providers.mail_reports import (
    BLOCKED,
    COMPLAINT,
    DEFERRED,
    DELIVERED,
    HARD,
    TOKEN,
    UNSUBSCRIBED,
    MailEvent,
    Notice,
    Unreadable,
    Untrusted,
    is_recent,
    kind_of,
    moment,
    read_json,
    read_object,
    text,
)  # fmt: skip

SIGNATURE, TIMESTAMP = "x-twilio-email-event-webhook-signature", "x-twilio-email-event-webhook-timestamp"
NOT_THE_ADDRESS = {"Content", "Reputation", "Frequency or Volume Too High", "Frequency/Volume"}
DROPPED = (
    ("spam report", COMPLAINT), ("unsubscribed", None), ("bounced address", HARD), ("smtpapi", BLOCKED), ("invalid", HARD),
)  # fmt: skip
"""Why SendGrid did not even try, by the words of its reason; anything else is its own refusal."""


class SendGrid:
    """Twilio SendGrid."""

    key = "sendgrid"
    label = "SendGrid"
    setting = "EMAIL_WEBHOOK_SENDGRID_SECRET"
    advice = "Settings → Mail Settings → Event Webhook: this address, the deliverability events, Signed Event Webhook on; its verification key is the setting."

    def headers(self, token: str) -> Mapping[str, str]:
        return {"X-SMTPAPI": json.dumps({"unique_args": {TOKEN: token}})}

    def check(self, notice: Notice) -> None:
        stamp = notice.headers.get(TIMESTAMP, "")
        if not is_recent(stamp, notice.at):
            raise Untrusted("The time is missing or too far from ours.")
        try:
            key = load_der_public_key(base64.b64decode(notice.secret, validate=True))
            signature = base64.b64decode(notice.headers.get(SIGNATURE, ""), validate=True)
            assert isinstance(key, ec.EllipticCurvePublicKey)
            key.verify(signature, stamp.encode() + notice.body, ec.ECDSA(hashes.SHA256()))
        except (ValueError, AssertionError, InvalidSignature):
            raise Untrusted("The signature is wrong.") from None

    def once(self, notice: Notice) -> str:  # noqa: ARG002
        return ""

    def parse(self, notice: Notice) -> list[MailEvent]:
        events = read_json(notice.body)
        if not isinstance(events, list):
            raise Unreadable("A list of events was expected.")
        return [found for each in events if (found := self._event(read_object(each), notice))]

    def _event(self, event: Mapping[str, Any], notice: Notice) -> MailEvent | None:
        reason = " ".join(
            filter(None, (text(event.get("status"), 20), text(event.get("reason") or event.get("response"))))
        )
        kind = _kind(event, reason)
        if kind is None or not text(event.get("sg_event_id")):
            return None
        return MailEvent(
            kind, text(event["sg_event_id"]), text(event.get("email")), text(event.get("smtp-id")), text(event.get(TOKEN)),
            reason, moment(event.get("timestamp"), notice.at),
        )  # fmt: skip


def _kind(event: Mapping[str, Any], reason: str) -> str | None:
    match event.get("event"):
        case "delivered":
            return DELIVERED
        case "deferred":
            return DEFERRED
        case "spamreport":
            return COMPLAINT
        case "unsubscribe" | "group_unsubscribe":
            return UNSUBSCRIBED
        case "bounce":
            is_theirs = event.get("type") == "blocked" or event.get("bounce_classification") in NOT_THE_ADDRESS
            found = kind_of(reason)
            return BLOCKED if is_theirs and found == HARD else found
        case "dropped":
            return next((kind for words, kind in DROPPED if words in reason.lower()), BLOCKED)
    return None
