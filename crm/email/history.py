"""The story of a message in moments, for its page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from crm.email.models import EmailLinkClick, EmailMessage


@dataclass(frozen=True)
class Moment:
    """One line of the story."""

    at: datetime | None
    icon: str
    title: str
    text: str = ""
    tone: str = "neutral"


def history_of(message: EmailMessage, clicks: Sequence[EmailLinkClick]) -> list[Moment]:
    """What happened to the message, newest first."""
    story = [*_sending(message), *_answers(message), *map(_click, clicks)]
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
    if message.opened_at:
        times = f"{message.opened_count} times so far" if message.opened_count > 1 else ""
        yield Moment(message.opened_at, "mail-opened", "Opened", times, "good")
    if message.machine_opened_count:
        fetched = f"{message.machine_opened_count} × by a program ({message.machine_reason}); not counted"
        yield Moment(message.sent_at, "server", "Fetched", fetched)
    if message.complained_at:
        yield Moment(message.complained_at, "alert-triangle", "Reported as spam", "", "bad")
    if message.unsubscribed_at:
        yield Moment(message.unsubscribed_at, "mail-off", "Unsubscribed", "", "warn")


def _click(click: EmailLinkClick) -> Moment:
    if click.machine_reason:
        return Moment(
            click.clicked_at,
            "server",
            "Link followed by a program",
            f"{click.url} ({click.machine_reason}); not counted",
        )
    return Moment(click.clicked_at, "click", "Link clicked", click.url, "good")
