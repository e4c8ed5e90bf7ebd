"""Asking once more, in the transaction that marks messages as being sent, for those who refused since the claim.

Asking all of it again would cost as much as the claim did. Every refusal leaves a row in one of three tables whose numbers only grow, so
three looks at the end of an index tell whether there was any; mostly there was none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from crm.database import db, is_postgresql, table_of
from crm.delivery.models import Suppression
from crm.email import limits
from crm.email.models import EmailMessage
from crm.preferences import consent
from crm.preferences.consent import Asked
from crm.preferences.kinds import SYSTEM, kind_of
from crm.preferences.models import ConsentRecord, EmailUnsubscribe

if TYPE_CHECKING:
    from crm.email.claiming import Outgoing

Tide = tuple[int | None, ...]
"""How far the refusals had come."""
_NEWEST = ", ".join(
    f"(SELECT max(id) FROM {table_of(each).name})"  # noqa: S608  names of our own
    for each in (EmailUnsubscribe, Suppression, ConsentRecord)
)
_messages = table_of(EmailMessage)
_SKIP = (
    sa.update(_messages)
    .where(
        _messages.c.id == sa.bindparam("number"),
        _messages.c.fence == sa.bindparam("held"),
        _messages.c.status == "claimed",
    )
    .values(status="skipped", reason=sa.bindparam("why"), lease_until=None)
)


def tide() -> Tide | None:
    """As of this transaction; None where numbers are not given in the order of commits, so that it would tell nothing."""
    if is_postgresql():
        return None
    return tuple(db.session.connection().exec_driver_sql(f"SELECT {_NEWEST}").one())


def still_wanted(chosen: Sequence[Outgoing]) -> Sequence[Outgoing]:
    """Those of these claimed messages that nobody refused since; the others are skipped, each with its reason."""
    here = tide()
    doubtful = [each for each in chosen if here is None or each.tide != here]
    refused = consent.refused([_asked(each) for each in doubtful]) if doubtful else {}
    if not refused:
        return chosen
    gone = [each for each in doubtful if each.id in refused]
    rows = [{"number": each.id, "held": each.fence, "why": refused[each.id].reason[:255]} for each in gone]
    db.session.connection().execute(_SKIP, rows)
    limits.uncount(each.taken_at for each in gone)
    return [each for each in chosen if each.id not in refused]


def _asked(outgoing: Outgoing) -> Asked:
    row = outgoing.row
    kind = kind_of(row.kind, row.is_marketing) if row.contact_id else SYSTEM
    return Asked(row.id, row.contact_id, outgoing.to_address, "email", kind, row.topic_id)
