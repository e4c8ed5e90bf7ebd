"""The kinds of messages, and why one may not go: as short keys in the database's answers, in words for people."""

from __future__ import annotations

MARKETING, TRANSACTIONAL, SYSTEM = "marketing", "transactional", "system"
KINDS = {
    MARKETING: "Marketing",
    TRANSACTIONAL: "Transactional",
    "class_reminder": "Class reminder",
    "payment_reminder": "Payment reminder",
    SYSTEM: "System",
}
"""A system message is about consent itself, a test, or goes to staff: only a suppressed address stops it."""
SWITCH = {
    MARKETING: "marketing_emails",
    TRANSACTIONAL: "transactional_emails",
    "class_reminder": "class_reminders",
    "payment_reminder": "payment_reminders",
}
WAITS_FOR_MORNING = frozenset({MARKETING, "class_reminder", "payment_reminder"})
"""What quiet hours hold back; what somebody has just asked for comes at once."""
NOUNS = {"email": "email address", "sms": "phone number", "whatsapp": "phone number", "push": "device"}
CHANNEL_WORDS = {"email": "Email", "sms": "SMS", "whatsapp": "WhatsApp", "push": "Push"}


def kind_of(kind: str | None, is_marketing: bool) -> str:
    """The kind of a message row, which may leave it to whether it is marketing."""
    return kind or (MARKETING if is_marketing else TRANSACTIONAL)


def in_words(reason: str, channel: str, topic: str = "") -> str:
    """A reason's key as a sentence for the ledger."""
    return {
        "no_address": f"The contact has no {NOUNS.get(channel, 'address')}.",
        "guardian_no_address": f"The guardian has no {NOUNS.get(channel, 'address')}.",
        "gone": "The contact is no longer there.",
        "suppressed": "The address is suppressed.",
        "channel_off": f"{CHANNEL_WORDS.get(channel, channel)} is switched off for the contact.",
        "marketing_off": "The contact wants no news and offers.",
        "transactional_off": "The contact wants no messages about orders and account.",
        "class_reminder_off": "The contact wants no class reminders.",
        "payment_reminder_off": "The contact wants no payment reminders.",
        "unsubscribed": "The contact unsubscribed.",
        "unconfirmed": "The contact has not confirmed the address yet.",
        "topic_off": f"The contact does not get the topic “{topic}”.",
    }[reason]
