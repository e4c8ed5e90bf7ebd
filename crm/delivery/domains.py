"""Keeping what was found out about sending domains: asked for by a person, looked up by a job, shown with its time."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import current_app

from crm.database import after_commit, commit, db, insert_new, rollback, table_of
from crm.delivery import dkim
from crm.delivery.domain_checks import Dns, look
from crm.delivery.models import DomainCheck
from crm.delivery.senders import sender_for, senders
from crm.queue import nudge

log = logging.getLogger(__name__)
WAIT = timedelta(minutes=2)
"""After this long without an answer a look may be asked for again."""


@dataclass(frozen=True)
class Signature:
    """The DNS records (name and text) of a domain's keys, and whether its mail is signed."""

    records: list[tuple[str, str]]
    is_on: bool


def sending_domains() -> list[str]:
    """The domains email is sent from, the default sender's first."""
    addresses = [sender_for().address, *(each.address for each in senders())]
    return list(dict.fromkeys(each.rpartition("@")[2].lower() for each in addresses if "@" in each))


def checks() -> dict[str, DomainCheck | None]:
    """What is known of each sending domain."""
    names = sending_domains()
    found = {
        each.domain: each for each in db.session.scalars(sa.select(DomainCheck).where(DomainCheck.domain.in_(names)))
    }
    return {name: found.get(name) for name in names}


def ask_for_checks(now: datetime) -> None:
    """Have the sending domains looked up."""
    table, names = table_of(DomainCheck), sending_domains()
    insert_new(table, [{"domain": each, "asked_at": now} for each in names])
    db.session.execute(sa.update(DomainCheck).where(DomainCheck.domain.in_(names)).values(asked_at=now))
    after_commit(nudge, "check_domains")


def is_busy(check: DomainCheck | None, now: datetime) -> bool:
    """Whether a look was asked for and has not ended."""
    return check is not None and check.asked_at is not None and now - check.asked_at < WAIT


def run_checks(now: datetime, dns_: Dns | None = None) -> int:
    """Look up what was asked for, one domain after another, with no transaction open meanwhile; how many."""
    names = list(db.session.scalars(sa.select(DomainCheck.domain).where(DomainCheck.asked_at.is_not(None)).limit(20)))
    smtp_host = urlsplit(current_app.config["SMTP_URL"]).hostname or ""
    rollback()
    asking = (dns_ or Dns(current_app.config["DNS_SERVER"])) if names else None
    for name in names:
        findings = look(name, asking, smtp_host=smtp_host, dkim=_wanted(name)) if asking else []
        found = sa.update(DomainCheck).where(DomainCheck.domain == name)
        db.session.execute(found.values(findings=findings, checked_at=now, asked_at=None))
        commit()
    return len(names)


def _wanted(domain: str) -> tuple[str, str] | None:
    """The selector and record of the key this domain's mail is to be signed with, if there is one."""
    keys = dkim.keys_of(domain)
    return (keys[0].selector, dkim.dns_record(keys[0])[1]) if keys else None


def signatures() -> dict[str, Signature]:
    """How the mail of each sending domain is signed."""
    return {
        name: Signature([dkim.dns_record(each) for each in dkim.keys_of(name)], dkim.is_on(name))
        for name in sending_domains()
    }
