"""Carriers for tests: each makes its own keys, tells what happened in its documented form, and signs it as it does."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

NOW = int(datetime.now(UTC).timestamp())
"""Set anew for each test."""
SECRET = "a secret of the tests"
USER = "cohort:" + SECRET
TOPIC = "arn:aws:sns:eu-west-1:123456789012:bounces"
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123abcd.pem"
CONFIRM = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=" + TOPIC + "&Token=2336"

EC_KEY = ec.generate_private_key(ec.SECP256R1())
SENDGRID_KEY = base64.b64encode(
    EC_KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
).decode()
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def make_certificate() -> bytes:
    """What SNS would keep at CERTIFICATE."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    day = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(RSA_KEY.public_key())
    made = made.serial_number(1).not_valid_before(day - timedelta(days=1)).not_valid_after(day + timedelta(days=1))
    return made.sign(RSA_KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


PEM = make_certificate()
SETTINGS = {
    "EMAIL_WEBHOOK_SES_TOPICS": TOPIC,
    "EMAIL_WEBHOOK_SENDGRID_SECRET": SENDGRID_KEY,
    "EMAIL_WEBHOOK_MAILGUN_SECRET": SECRET,
    "EMAIL_WEBHOOK_POSTMARK_SECRET": USER,
    "EMAIL_WEBHOOK_BREVO_SECRET": SECRET,
    "EMAIL_WEBHOOK_GENERIC_SECRET": SECRET,
}
REASONS = {"hard": "550 5.1.1 No such user", "soft": "452 4.2.1 Try later", "blocked": "554 5.7.1 Spam"}


def sns(
    message: dict | str, kind: str = "Notification", version: str = "2", number: str = "n1", **more
) -> tuple[bytes, dict]:
    """A message of SNS, signed."""
    text = message if isinstance(message, str) else json.dumps(message)
    made = {
        "Type": kind, "MessageId": number, "TopicArn": TOPIC, "Message": text, "Timestamp": "2026-01-31T09:00:00.000Z",
        "SignatureVersion": version, "SigningCertURL": CERTIFICATE, **more,
    }  # fmt: skip
    names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    signed = "".join(f"{each}\n{made[each]}\n" for each in names if each in made)
    digest = hashes.SHA1() if version == "1" else hashes.SHA256()
    signature = RSA_KEY.sign(signed.encode(), padding.PKCS1v15(), digest)
    return json.dumps({**made, "Signature": base64.b64encode(signature).decode()}).encode(), {
        "Content-Type": "text/plain"
    }


def ses(kind, message, number="1", version="2"):
    headers = [{"name": "Message-ID", "value": message.message_id}]
    mail = {"messageId": f"0102{number}", "destination": [message.to_address], "headers": headers}
    told = {"timestamp": datetime.fromtimestamp(NOW, UTC).isoformat(), "feedbackId": f"fb{number}"}
    who = {"emailAddress": message.to_address, "diagnosticCode": f"smtp; {REASONS.get(kind, '')}"}
    if kind == "delivered":
        return sns(
            {"notificationType": "Delivery", "mail": mail, "delivery": {**told, "recipients": [message.to_address]}},
            version=version,
        )
    if kind == "complaint":
        return sns(
            {"notificationType": "Complaint", "mail": mail, "complaint": {**told, "complainedRecipients": [who]}}
        )
    if kind == "unsubscribed":
        left = {
            **told,
            "contactList": "Readers",
            "source": "UnsubscribeHeader",
            "newTopicPreferences": {"unsubscribeAll": True},
        }
        return sns({"eventType": "Subscription", "mail": mail, "subscription": left})
    bounce = {**told, "bounceType": "Transient" if kind == "soft" else "Permanent", "bouncedRecipients": [who]}
    return sns({"eventType": "Bounce", "mail": mail, "bounce": {**bounce, "bounceSubType": "General"}}, version=version)


def sendgrid(kind, message, number="1", events=None):
    event = {"delivered": "delivered", "complaint": "spamreport", "unsubscribed": "unsubscribe"}.get(kind, "bounce")
    one = {
        "email": message.to_address, "timestamp": NOW, "event": event, "sg_event_id": f"sg{number}",
        "smtp-id": message.message_id, "reason": REASONS.get(kind, ""), "type": "bounce",
    }  # fmt: skip
    body = json.dumps(events or [one], separators=(",", ":")).encode()
    signature = EC_KEY.sign(str(NOW).encode() + body, ec.ECDSA(hashes.SHA256()))
    return body, {
        "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": str(NOW),
    }


def mailgun(kind, message, number="1"):
    event = {"delivered": "delivered", "complaint": "complained", "unsubscribed": "unsubscribed"}.get(kind, "failed")
    data = {
        "event": event, "severity": "permanent", "id": f"mg{number}", "timestamp": NOW + 0.5, "recipient": message.to_address,
        "message": {"headers": {"message-id": message.message_id.strip("<>")}}, "reason": "bounce",
        "delivery-status": {"code": 550, "message": REASONS.get(kind, "")},
    }  # fmt: skip
    token = f"token{number}".ljust(50, "0")
    signature = hmac.new(SECRET.encode(), f"{NOW}{token}".encode(), hashlib.sha256).hexdigest()
    signed = {"timestamp": str(NOW), "token": token, "signature": signature}
    return json.dumps({"signature": signed, "event-data": data}).encode(), {}


def postmark(kind, message, number="1", token=""):
    record = {"delivered": "Delivery", "complaint": "SpamComplaint"}.get(kind, "Bounce")
    told = {
        "RecordType": record, "MessageID": f"pm-{message.id}", "Email": message.to_address, "Recipient": message.to_address,
        "Type": {"soft": "SoftBounce", "blocked": "Blocked"}.get(kind, "HardBounce"), "Details": REASONS.get(kind, ""),
        "BouncedAt": datetime.fromtimestamp(NOW, UTC).isoformat(), "Metadata": {"cohort": token},
        **({} if kind == "delivered" else {"ID": number}),
    }  # fmt: skip
    return json.dumps(told).encode(), {"Authorization": "Basic " + base64.b64encode(USER.encode()).decode()}


def brevo(kind, message, number="1"):
    event = {
        "delivered": "delivered",
        "complaint": "spam",
        "soft": "soft_bounce",
        "blocked": "blocked",
        "unsubscribed": "unsubscribed",
    }.get(kind, "hard_bounce")
    told = {
        "event": event, "email": message.to_address, "id": 1, "ts_epoch": NOW * 1000 + int(number),
        "message-id": message.message_id, "reason": REASONS.get(kind, ""),
    }  # fmt: skip
    return json.dumps(told).encode(), {"Authorization": f"Bearer {SECRET}"}


def generic(kind, message, number="1", **more):
    name = {
        "delivered": "delivered",
        "complaint": "complained",
        "soft": "soft_bounced",
        "blocked": "blocked",
        "unsubscribed": "unsubscribed",
    }.get(kind, "bounced")
    told = {
        "id": number,
        "type": name,
        "email": message.to_address,
        "message_id": message.message_id,
        "reason": REASONS.get(kind, ""),
    }
    return signed({"events": [{**told, "at": NOW, **more}]})


def signed(body: object) -> tuple[bytes, dict]:
    """A report in our own form, signed."""
    raw = json.dumps(body).encode()
    return raw, {"X-Cohort-Signature": "sha256=" + hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()}


CARRIERS = {
    "ses": ses,
    "sendgrid": sendgrid,
    "mailgun": mailgun,
    "postmark": postmark,
    "brevo": brevo,
    "generic": generic,
}
