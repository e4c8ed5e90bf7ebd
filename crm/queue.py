"""Huey, which only wakes workers: the truth about what is due lives in our tables.

A job is a function named in `wiring.JOB_MODULES`; `nudge(name)` asks a worker to run it soon. A lost nudge costs at most the
minute until the clock (`schedule.py`) runs the job anyway, and a nudge too many costs one look at an empty list.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from flask import Flask, current_app, g
from huey import RedisHuey, SqliteHuey, crontab
from huey.api import Huey

from crm.database import db, rollback

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """A named piece of background work; calling it does the work at once, in the caller's app context."""

    name: str
    run: Callable[..., None]

    def __call__(self, *arguments: int) -> None:
        self.run(*arguments)


@dataclass(frozen=True)
class Every:
    """A line of the clock: run `job` every so many minutes."""

    minutes: int
    job: Job


def job(function: Callable[..., None]) -> Job:
    """Declare background work. Its arguments are ids only; running it twice must be harmless."""
    return Job(function.__name__, function)


def nudge(name: str, *arguments: int) -> None:
    """Ask a worker to run the job soon. Never fails: the clock comes round anyway."""
    try:
        huey = current_app.extensions["huey"]
        huey.enqueue(current_app.extensions["jobs"][name].s(*arguments))
    except Exception:
        log.exception("nudge failed: %s", name)


def init_app(app: Flask, job_modules: Iterable[ModuleType], clock: tuple[Every, ...]) -> None:
    """Give the app its queue, with every job of these modules and the clock's periodic ones."""
    huey = _make(app)
    app.extensions["huey"] = huey
    app.extensions["clock"] = clock
    app.extensions["jobs"] = {
        each.name: huey.task(name=each.name)(_in_app(app, each)) for each in _jobs_in(job_modules)
    }
    for line in clock:
        minute = "*" if line.minutes == 1 else f"*/{line.minutes}"
        when = crontab(minute=minute) if line.minutes < 60 else crontab(minute="7", hour=f"*/{line.minutes // 60}")
        huey.periodic_task(when, name=f"clock_{line.job.name}")(_in_app(app, line.job))


def _jobs_in(modules: Iterable[ModuleType]) -> list[Job]:
    return [value for module in modules for value in vars(module).values() if isinstance(value, Job)]


def _make(app: Flask) -> Huey:
    if app.config["REDIS_URL"]:
        return RedisHuey("cohort", url=app.config["REDIS_URL"])
    file = app.config["INSTANCE_PATH"] / "queue.db"
    try:
        return SqliteHuey("cohort", filename=str(file), fsync=False)
    except sqlite3.OperationalError:  # busy, or no room
        raise
    except sqlite3.DatabaseError as damage:
        log.warning("the queue is made anew: %s", damage)
        for each in file.parent.glob("queue.db*"):
            each.unlink(missing_ok=True)
        return SqliteHuey("cohort", filename=str(file), fsync=False)


def _in_app(app: Flask, each: Job) -> Callable[..., Any]:
    def work(*arguments: int) -> None:
        with app.app_context():
            g.job = each.name
            try:
                each.run(*arguments)
            except Exception:
                log.exception("job failed: %s", each.name)
                rollback()
            finally:
                db.session.remove()

    work.__name__ = each.name
    return work
