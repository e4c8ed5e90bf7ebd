"""The story of a message in moments, for its page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from crm.email.devices import DEVICES, UNKNOWN
from crm.email.models import EmailLinkClick, EmailMessage, EmailOpen


@dataclass(frozen=True)
class Moment:
    """One line of the story."""

    at: datetime | None
    icon: str
    title: str
    text: str = ""
    tone: str = "neutral"


def history_of(
    message: EmailMessage, clicks: Sequence[EmailLinkClick], opens: Sequence[EmailOpen] = ()
) -> list[Moment]:
    """What happened to the message, newest first."""
    story = [*_sending(message), *_answers(message), *map(_click, clicks), *map(_open, opens)]
    return sorted(story, key=lambda each: each.at or message.created_at)[::-1]


def _sending(message: EmailMessage) -> Iterator[Moment]:
    yield Moment(message.created_at, "clock", "Queued", f"By {message.actor}" if message.actor else "")
    if message.status == "pending" and message.reason and not message.attempts:
        yield Moment(message.due_at, "clock-pause", "Goes then", message.reason, "info")
    if message.status == "pending" and message.attempts:
        tries = f"Tried {message.attempts} {'time' if message.attempts == 1 else 'times'}"
        yield Moment(message.due_at, "hourglass", "To be tried again", f"{tries}. {message.reason or ''}", "warn")
    if message.dot_at and message.status != "pending":
        yield Moment(message.dot_at, "mail-forward", f"Written out to {message.to_address}")
    if message.resent_at:
        yield Moment(message.resent_at, "repeat", "Sent again by decision")
    if message.sent_at:
        where = (
            "Kept in the outbox"
            if message.provider == "outbox"
            else f"Accepted: {message.code or ''} {message.reply or ''}"
        )
        yield Moment(message.sent_at, "circle-check", "Sent", where, "good")
    if message.status == "delivered":
        yield Moment(message.sent_at, "mail-check", "Delivered", "As the provider reports", "good")
    ends = {"failed": ("circle-x", "Failed", "bad"), "skipped": ("player-skip-forward", "Skipped", "neutral")}
    ends |= {"unknown": ("help", "Not known whether it arrived", "warn"), "cancelled": ("ban", "Cancelled", "neutral")}
    if message.status in ends:
        icon, title, tone = ends[message.status]
        yield Moment(message.bounced_at or message.dot_at or message.due_at, icon, title, message.reason or "", tone)


def _answers(message: EmailMessage) -> Iterator[Moment]:
    if message.complained_at:
        yield Moment(message.complained_at, "alert-triangle", "Reported as spam", "", "bad")
    if message.unsubscribed_at:
        yield Moment(message.unsubscribed_at, "mail-off", "Unsubscribed", "", "warn")


def _open(seen: EmailOpen) -> Moment:
    if seen.visitor == "person":
        return Moment(seen.opened_at, "mail-opened", "Opened", _device(seen), "good")
    return Moment(seen.opened_at, "server", "Fetched by a program", f"{seen.machine_reason}; not counted")


def _click(click: EmailLinkClick) -> Moment:
    if click.visitor == "person":
        return Moment(
            click.clicked_at, "click", "Link clicked", " · ".join(filter(None, (click.url, _device(click)))), "good"
        )
    if click.visitor == "waiting":
        return Moment(click.clicked_at, "click", "Link followed", f"{click.url} ({click.machine_reason})")
    told = f"{click.url} ({click.machine_reason}); not counted"
    return Moment(click.clicked_at, "server", "Link followed by a program", told)


def _device(seen: EmailOpen | EmailLinkClick) -> str:
    """What it was read with, as far as it told."""
    kind = DEVICES.get(seen.device or "", "") if seen.device != UNKNOWN else ""
    return ", ".join(filter(None, (kind, seen.client, seen.system)))
