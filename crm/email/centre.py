"""What the preference page offers, in the words that are kept as proof."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crm.contacts.models import Contact
from crm.preferences.choices import Choice, preferences_of, topic_choices
from crm.preferences.queries import in_force
from crm.settings.queries import school_name


@dataclass(frozen=True)
class Group:
    """Choices that stand together."""

    title: str
    choices: Sequence[Choice]


def offered(reader: Contact, email: str) -> list[Group]:
    """What this reader may choose, group by group: news first."""
    row = preferences_of(reader)
    news = row.marketing_emails and in_force(email) is None
    kinds = [
        Choice(
            "marketing_emails", "News and offers", news, f"What is new at {school_name()}. Without it no topic comes."
        ),
        Choice("class_reminders", "Class reminders", row.class_reminders, "Before a class you have booked."),
        Choice("payment_reminders", "Payment reminders", row.payment_reminders, "Before something is due."),
    ]
    topics = [each for each in topic_choices(reader) if each.is_public]
    ways = [Choice("email_enabled", "Email", row.email_enabled, "Without it not even receipts come by email.")]
    if reader.phone:
        ways += [
            Choice("sms_enabled", "SMS", row.sms_enabled),
            Choice("whatsapp_enabled", "WhatsApp", row.whatsapp_enabled),
        ]
    groups = [Group("What you get", kinds), Group("Topics", topics), Group("How we may reach you", ways)]
    return [each for each in groups if each.choices]


def shown_words(groups: Sequence[Group]) -> dict[str, str]:
    """The words beside each choice, as they are kept with it."""
    words = {
        each.key: f"{group.title}: {each.label}. {each.hint}".strip() for group in groups for each in group.choices
    }
    return {**words, "subscription": words.get("marketing_emails", "")}


def confirmation_words(email: str) -> str:
    """What somebody says who confirms an address."""
    return f"I want to get news and offers from {school_name()} at {email}. I can unsubscribe at any time."
