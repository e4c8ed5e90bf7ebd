"""Where tracked links lead: only to what was stored with the content of their message. Contents never change, so they are remembered."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crm.database import table_of
from crm.email import links
from crm.email.models import EmailLink

_links = table_of(EmailLink)
_OF_CONTENT = (
    sa.select(_links.c.position, _links.c.url)
    .where(_links.c.content_id == sa.bindparam("content"))
    .order_by(_links.c.position)
)


class Destinations:
    """The links of the contents asked for last, at most `most` of them."""

    def __init__(self, most: int = 500):
        self._most = most
        self._known: OrderedDict[int, dict[int, str]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, connection: sa.Connection, asked: Sequence[Any], rows: Mapping[int, Any]) -> list[str | None]:
        """For each request where it leads; None for a picture, and for a link that was never stored."""
        return [self._one(connection, each.position, rows.get(each.message_id)) for each in asked]

    def _one(self, connection: sa.Connection, position: int | None, row: Any) -> str | None:
        if row is None or position is None:
            return None
        url = self._of_content(connection, row.content_id).get(position)
        return None if url is None else links.filled(url, row.merge_values or {})

    def _of_content(self, connection: sa.Connection, content_id: int) -> dict[int, str]:
        with self._lock:
            if content_id in self._known:
                self._known.move_to_end(content_id)
                return self._known[content_id]
        found = {row.position: row.url for row in connection.execute(_OF_CONTENT, {"content": content_id})}
        with self._lock:
            self._known[content_id] = found
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return found
