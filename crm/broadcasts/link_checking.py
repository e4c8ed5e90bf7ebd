"""Looking whether the links of a draft lead somewhere: in the worker, outside any transaction, only to public places."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urljoin

import sqlalchemy as sa

from crm.broadcasts.models import WRITABLE, Broadcast
from crm.database import commit, db, rollback, table_of
from crm.email.compose import composed
from crm.email.links import filled
from crm.email.values import example_values
from crm.lib import clock
from crm.lib.merge_tags import MergeError
from crm.lib.net import Fetched, Unreachable, fetch

MOST = 40
GUARDED = (401, 403, 405, 429)
"""Answers of a page that is there, but not for programs."""
AGAIN = timedelta(minutes=10)
"""After a crash in the middle it is tried again so much later."""
_table = table_of(Broadcast)
Fetch = Callable[[str], Fetched]
REDIRECTS = 3
_fetch = partial(fetch, timeout=8, limit=1, may_be_cut=True)


def check_next(get: Fetch = _fetch) -> bool:
    """Check the links of one draft whose turn it is; whether there was one. Committed before the network is waited for."""
    now = clock.now()
    due = sa.and_(_table.c.links_due_at.is_not(None), _table.c.links_due_at <= now, _table.c.status.in_(WRITABLE))
    first = sa.select(_table.c.id).where(due).order_by(_table.c.links_due_at).limit(1)
    mine = sa.update(_table).where(_table.c.id == first.scalar_subquery(), due)
    again = now + AGAIN
    broadcast_id = db.session.scalar(mine.values(links_due_at=again).returning(_table.c.id))
    if broadcast_id is None:
        rollback()
        return False
    broadcast = db.session.get_one(Broadcast, broadcast_id, populate_existing=True)
    urls = links_of(broadcast)
    commit()
    checks = {url: _checked(url, get) for url in urls[:MOST]}
    done = sa.update(_table).where(_table.c.id == broadcast_id, _table.c.links_due_at == again)
    db.session.execute(
        done.values(link_checks=checks, links_due_at=None), execution_options={"synchronize_session": False}
    )
    commit()
    return True


def links_of(broadcast: Broadcast) -> list[str]:
    """The addresses in all its wordings, each once, with an example's values in."""
    found: dict[str, None] = {}
    for variant in broadcast.variants:
        words = variant.content
        try:
            links = composed(words.format, words.subject, words.preheader, words.body).links
        except MergeError:
            continue
        values = example_values()
        found.update((filled(url, values) or url, None) for url in links)
    return list(found)


def _checked(url: str, get: Fetch) -> dict[str, Any]:
    try:
        status = _status(url, get)
    except Unreachable:
        return {"is_good": False, "said": "It could not be reached."}
    if status < 400 or status in GUARDED:
        return {"is_good": True, "said": str(status)}
    said = "There is no such page (404)." if status == 404 else f"It answers with an error ({status})."
    return {"is_good": False, "said": said}


def _status(url: str, get: Fetch) -> int:
    """What it answers in the end; each place it leads on to is judged anew. Raises Unreachable."""
    for _ in range(REDIRECTS + 1):
        reply = get(url)
        if reply.status not in (301, 302, 303, 307, 308) or not reply.location:
            return reply.status
        url = urljoin(url, reply.location)
    raise Unreachable("It leads on and on.")
