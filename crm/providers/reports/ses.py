"""Amazon SES through SNS: notifications and event publishing, signed with a certificate of SNS (version 1: SHA-1, version 2: SHA-256).

Amazon's documentation: “Verifying the signatures of Amazon SNS messages” (docs.aws.amazon.com/sns/latest/dg), “Amazon SNS notification
contents for Amazon SES” and its event publishing twin, which alone tells of its list management (docs.aws.amazon.com/ses/latest/dg). Anybody can make a topic that SNS signs,
so only the topics of the setting are heard.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import load_pem_x509_certificate

from crm.providers.mail_reports import (
    BLOCKED,
    COMPLAINT,
    CONFIRM,
    DEFERRED,
    DELIVERED,
    HARD,
    SOFT,
    TOKEN_HEADER,
    UNSUBSCRIBED,
    MailEvent,
    Notice,
    Unreadable,
    Untrusted,
    kind_of,
    moment,
    part,
    read_json,
    read_object,
    text,
)  # fmt: skip

CERTIFICATE = re.compile(r"https://(sns\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?)/SimpleNotificationService-[0-9a-f]+\.pem")
SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
HASHES: Mapping[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303
TRANSIENT = {"ContentRejected": BLOCKED, "AttachmentRejected": BLOCKED, "MessageTooLarge": BLOCKED}


class Ses:
    """Amazon Simple Email Service."""

    key = "ses"
    label = "Amazon SES"
    setting = "EMAIL_WEBHOOK_SES_TOPICS"
    advice = "An SNS topic for bounces, complaints and deliveries, original headers included, and subscriptions if you use its lists, with this address as its HTTPS subscription; the topic's ARN is the setting. Cohort confirms the subscription by itself."

    def headers(self, token: str) -> Mapping[str, str]:  # noqa: ARG002
        return {}

    def check(self, notice: Notice) -> None:
        envelope = read_object(read_json(notice.body))
        if text(envelope.get("TopicArn")) not in notice.secret.split():
            raise Untrusted("The topic is not one of the setting's.")
        found = CERTIFICATE.fullmatch(text(envelope.get("SigningCertURL")))
        if not found:
            raise Untrusted("The certificate is not at an address of SNS.")
        _verify(envelope, notice.certificate(found.group()))

    def once(self, notice: Notice) -> str:  # noqa: ARG002
        return ""

    def parse(self, notice: Notice) -> list[MailEvent]:
        envelope = read_object(read_json(notice.body))
        if envelope.get("Type") == "SubscriptionConfirmation":
            return [_confirmation(envelope, notice)]
        if envelope.get("Type") != "Notification":
            return []
        try:
            event = read_json(str(envelope.get("Message")).encode("utf-8", "replace"))
        except Unreadable:  # SES says in plain words that it has found the topic
            return []
        return list(_events(event, text(envelope.get("MessageId")), notice)) if isinstance(event, dict) else []


def _verify(envelope: Mapping[str, Any], certificate: bytes) -> None:
    names = SIGNED.get(text(envelope.get("Type")), ())
    algorithm = HASHES.get(text(envelope.get("SignatureVersion")))
    if not names or algorithm is None:
        raise Untrusted("The kind of message or signature is not known.")
    lines = [f"{name}\n{envelope[name]}\n" for name in names if isinstance(envelope.get(name), str)]
    try:
        key = load_pem_x509_certificate(certificate).public_key()
        signature = base64.b64decode(text(envelope.get("Signature"), 2000), validate=True)
        assert isinstance(key, rsa.RSAPublicKey)
        key.verify(signature, "".join(lines).encode("utf-8", "replace"), padding.PKCS1v15(), algorithm)
    except (ValueError, AssertionError, InvalidSignature):
        raise Untrusted("The signature is wrong.") from None


def _confirmation(envelope: Mapping[str, Any], notice: Notice) -> MailEvent:
    """The address to ask so that the topic sends to us: at the host that signed, and nothing but a confirmation."""
    url = text(envelope.get("SubscribeURL"), 2000)
    host = CERTIFICATE.fullmatch(text(envelope.get("SigningCertURL")))
    parts = urlsplit(url)
    is_ours = host is not None and parts.scheme == "https" and parts.netloc == host.group(1) and parts.path in ("", "/")
    if not is_ours or parse_qs(parts.query).get("Action") != ["ConfirmSubscription"]:
        raise Untrusted("The address to confirm at is not one of SNS.")
    return MailEvent(CONFIRM, text(envelope.get("MessageId")), reason=url, at=notice.at)


def _events(event: dict[str, Any], number: str, notice: Notice) -> Iterator[MailEvent]:
    kind = text(event.get("notificationType") or event.get("eventType"))
    told = part(event, {"DeliveryDelay": "deliveryDelay"}.get(kind, kind.lower())) or {}
    mail = part(event, "mail")
    token, message_id = _names(mail)
    recipients = _recipients(kind, told, mail)
    for recipient in recipients:
        address, reason = text(part(recipient, "emailAddress")), _reason(recipient, told)
        meaning = _kind(kind, told, reason)
        if meaning is not None:
            one = text(part(told, "feedbackId")) or (f"{text(part(mail, 'messageId'))}" or number)
            one += f":{text(part(told, 'timestamp'))}" if meaning == UNSUBSCRIBED else ""
            at = moment(part(told, "timestamp"), notice.at)
            yield MailEvent(
                meaning, f"{kind}:{one}:{address}", address, message_id, token, reason, at, len(recipients) > 1
            )


def _recipients(kind: str, told: Any, mail: Any) -> list[Any]:
    name = {
        "Bounce": "bouncedRecipients",
        "Complaint": "complainedRecipients",
        "DeliveryDelay": "delayedRecipients",
    }.get(kind)
    found = part(told, name) if name else part(told, "recipients") or part(mail, "destination")
    return (
        [each if isinstance(each, dict) else {"emailAddress": each} for each in found]
        if isinstance(found, list)
        else []
    )


def _names(mail: Any) -> tuple[str, str]:
    """Our token and our Message-ID among the headers SES gives back, if it was told to include them."""
    headers = part(mail, "headers")
    found = {
        text(part(each, "name")).lower(): text(part(each, "value"))
        for each in (headers if isinstance(headers, list) else [])
    }
    return found.get(TOKEN_HEADER.lower(), ""), found.get("message-id", "") or text(
        part(mail, "commonHeaders", "messageId")
    )


def _reason(recipient: Any, told: Any) -> str:
    words = [text(part(recipient, "status"), 20), text(part(recipient, "diagnosticCode"))]
    detail = (
        part(told, "bounceSubType")
        or part(told, "complaintFeedbackType")
        or part(told, "smtpResponse")
        or part(told, "reason")
    )
    return " ".join(filter(None, words)) or text(detail)


def _kind(kind: str, told: Any, reason: str) -> str | None:
    match kind:
        case "Delivery":
            return DELIVERED
        case "DeliveryDelay":
            return DEFERRED
        case "Reject":
            return BLOCKED
        case "Complaint":
            return None if part(told, "complaintFeedbackType") == "not-spam" else COMPLAINT
        case "Subscription":
            return UNSUBSCRIBED if _leaves(told) else None
        case "Bounce" if part(told, "bounceType") == "Permanent":
            return HARD if "Suppress" in text(part(told, "bounceSubType")) else kind_of(reason)
        case "Bounce":
            return TRANSIENT.get(text(part(told, "bounceSubType")), SOFT)
    return None


def _leaves(told: Any) -> bool:
    """Whether the reader left the list SES keeps, or a topic of it that they had not left before; coming back is for our own page alone."""
    now, before = part(told, "newTopicPreferences"), part(told, "oldTopicPreferences")
    return part(now, "unsubscribeAll") is True or bool(_left(now) - _left(before))


def _left(preferences: Any) -> set[str]:
    topics = part(preferences, "topicSubscriptionStatus")
    return {
        text(part(each, "topicName"))
        for each in (topics if isinstance(topics, list) else [])
        if text(part(each, "subscriptionStatus")).casefold() == "optout"
    }
