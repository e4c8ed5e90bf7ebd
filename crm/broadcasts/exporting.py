"""Every recipient of a broadcast as a file that is safe to open in a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import xlsxwriter

from crm.broadcasts.models import Broadcast
from crm.database import db, table_of
from crm.delivery.models import STATUSES
from crm.email.models import EmailMessage
from crm.lib import clock
from crm.lib.csv_files import write

HEADING = [
    "Name",
    "Email",
    "State",
    "Reason",
    "Version",
    "Sent",
    "Opened",
    "Opens",
    "Clicked",
    "Clicks",
    "Bounced",
    "Unsubscribed",
]
CHUNK = 2_000
_messages = table_of(EmailMessage)
LARGEST_BOOK = 200_000
"""Rows of an Excel file made while somebody waits."""
SAFE = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def lines(broadcast: Broadcast, found: sa.Select[Any], zone: str) -> Iterator[list[Any]]:
    """The heading and a line for each recipient, some thousand at a time."""
    yield HEADING
    letters = {each.content_id: each.letter for each in broadcast.variants}
    place, after = (_messages.c.contact_id, _messages.c.id), (0, 0)
    while rows := db.session.execute(found.where(sa.tuple_(*place) > after).order_by(*place).limit(CHUNK)).all():
        yield from (_line(row, letters, zone) for row in rows)
        after = rows[-1].contact_id, rows[-1].id


def as_csv(broadcast: Broadcast, found: sa.Select[Any], zone: str) -> Iterator[str]:
    """The file, line by line."""
    yield from write(lines(broadcast, found, zone))


def write_book(path: Path, broadcast: Broadcast, found: sa.Select[Any], zone: str) -> None:
    """The same as an Excel file, cut at LARGEST_BOOK."""
    with xlsxwriter.Workbook(str(path), {**SAFE, "tmpdir": str(path.parent)}) as book:
        sheet = book.add_worksheet("Recipients")
        sheet.freeze_panes(1, 0)
        for number, cells in enumerate(lines(broadcast, found, zone)):
            if number > LARGEST_BOOK:
                break
            for column, value in enumerate(cells):
                if isinstance(value, int):
                    sheet.write_number(number, column, value)
                elif value:
                    sheet.write_string(number, column, str(value))


def _line(row: sa.Row[Any], letters: dict[int, str], zone: str) -> list[Any]:
    moments = [
        _said(getattr(row, key), zone)
        for key in ("sent_at", "opened_at", "clicked_at", "bounced_at", "unsubscribed_at")
    ]
    sent, opened, clicked, bounced, left = moments
    name = f"{row.first_name} {row.last_name}".strip()
    return [
        name, row.to_address or row.email or "", STATUSES.get(row.status, row.status), row.reason or "", letters.get(row.content_id, ""),
        sent, opened, row.opened_count, clicked, row.clicked_count, bounced, left,
    ]  # fmt: skip


def _said(moment: datetime | None, zone: str) -> str:
    return f"{clock.local(moment, zone):%Y-%m-%d %H:%M}" if moment else ""
