"""Takes the hits of this process and has them written together: clicks before they are answered, opens within a moment.

The reader never notices the database: a picture is a picture and a link leads on whatever happens, and what could not be
written is counted as lost, in the log and, as soon as the database takes it, in `email_lost_hits`.
"""

from __future__ import annotations

import atexit
import logging
import threading
import weakref
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from multiprocessing import util
from types import MappingProxyType

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.engine import Engine

from crm.database import db
from crm.email import losses
from crm.email.destinations import Destinations
from crm.email.machines import SETTLING
from crm.email.one_click import Leave, leave_with_one_click
from crm.email.tracking import Hit, messages_of, record
from crm.lib.together import Buffer, Soon, Together
from crm.queue import nudge

log = logging.getLogger(__name__)
NUDGE = 0.05
"""Seconds within which the worker is told that there is news."""


class Recorder:
    """One per app. With `TRACKING_BUFFER` at 0 opens are written before they are answered, as clicks always are."""

    def __init__(self, app: Flask):
        delay = app.config["TRACKING_BUFFER"] / 1000
        self._app, self._delay = app, delay
        self._destinations = Destinations()
        self._together: Together[Hit, str | None] = Together(self._write)
        self._leaving: Together[Leave, None] = Together(self._leave)
        self._buffer: Buffer[Hit] = Buffer(self._write, delay)
        self._news = Soon(self._tell_worker, NUDGE if delay else 0)
        self._settling = Soon(self._settle, SETTLING.total_seconds() + 1)
        self._lost: Counter[tuple[date, str]] = Counter()
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        _drain_at_exit(self)

    def click(self, hit: Hit) -> str | None:
        """Where the link leads, once the click is written; None if there is no such link."""
        return self._together.do(hit)

    def open(self, hit: Hit) -> None:
        """Note that the picture was fetched, soon."""
        if not self._delay:
            self._together.do(hit)
        elif not self._buffer.put(hit):
            self._lose([hit], "the buffer is full")

    def leave(self, leave: Leave) -> None:
        """Write that somebody left. Raises the database's error: who is told that they left has left."""
        self._leaving.do(leave)

    def drain(self) -> None:
        """Write what waits; for the end of the program."""
        self._buffer.drain()

    def _write(self, hits: Sequence[Hit]) -> Sequence[str | None]:
        """In one transaction. Called by one thread for all who wait."""
        lost = self._take_losses()
        try:
            with self._database().begin() as connection:
                done = record(connection, hits, self._destinations)
                losses.add(connection, lost)
        except sa.exc.OperationalError as error:
            self._lose(hits, str(error.orig), lost)
            return self._read(hits)
        except Exception:
            log.exception("%s opens or clicks could not be written", len(hits))
            return self._one_by_one(hits, lost)
        if done.has_news:
            self._news.ask()
        if done.has_waiting:
            self._settling.ask()
        return done.urls

    def _one_by_one(self, hits: Sequence[Hit], lost: Mapping[tuple[date, str], int]) -> Sequence[str | None]:
        """So that one that cannot be written takes no other along."""
        if len(hits) > 1:
            self._lose([], "", lost)
            return [self._write([hit])[0] for hit in hits]
        self._lose(hits, "it cannot be written", lost)
        return self._read(hits)

    def _leave(self, leaves: Sequence[Leave]) -> Sequence[None]:
        with self._database().begin() as connection:
            has_news = leave_with_one_click(connection, leaves, self._app.config["SCHOOL_NAME"])
        if has_news:
            self._news.ask()
        return [None] * len(leaves)

    def _read(self, hits: Sequence[Hit]) -> Sequence[str | None]:
        """Where the links lead, when nothing can be written."""
        try:
            with self._database().connect() as connection:
                connection = connection.execution_options(only_reads=True)
                rows = messages_of(connection, {hit.message_id for hit in hits})
                return self._destinations.of(connection, hits, rows)
        except sa.exc.SQLAlchemyError:
            log.exception("tracked links cannot be read")
            return [None] * len(hits)

    def _lose(
        self, hits: Sequence[Hit], why: str, before: Mapping[tuple[date, str], int] = MappingProxyType({})
    ) -> None:
        if hits:
            log.warning("%s opens or clicks could not be kept: %s", len(hits), why)
        with self._lock:
            self._lost.update(before)
            self._lost.update((hit.at.date(), "open" if hit.position is None else "click") for hit in hits)

    def _take_losses(self) -> Counter[tuple[date, str]]:
        """What was lost since it was last written down."""
        if not self._lost:
            return Counter()
        with self._lock:
            taken, self._lost = self._lost, Counter()
        return taken

    def _tell_worker(self) -> None:
        with self._app.app_context():
            nudge("dispatch")

    def _settle(self) -> None:
        with self._app.app_context():
            nudge("settle_clicks")

    def _database(self) -> Engine:
        if self._engine is None:
            with self._app.app_context():
                self._engine = db.engine
        return self._engine


def recorder_of(app: Flask) -> Recorder:
    """The app's recorder, made when first needed: in the process that serves."""
    return app.extensions.get("recorder") or app.extensions.setdefault("recorder", Recorder(app))


def _drain_at_exit(recorder: Recorder) -> None:
    """When the process ends in order, write what waits. A server's own processes do not come by atexit."""
    reference = weakref.ref(recorder)

    def drain() -> None:
        found = reference()
        if found is not None:
            found.drain()

    atexit.register(drain)
    util.Finalize(None, drain, exitpriority=100)
