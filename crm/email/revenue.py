"""What was earned by emails: the first order a contact pays within some days of a person's click belongs to that click.

Last click counts: an order belongs to the newest click before it, whichever email it was in. An order is an `order_paid` event
that a program of the school told, with its `amount` and `currency`; whatever else knows of orders is to be asked in `_orders`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa
from flask import current_app

from crm.activity.models import ContactActivity
from crm.activity.vocabulary import Custom
from crm.database import db, is_postgresql
from crm.email.models import EmailLinkClick, EmailMessage

PAID = "order_paid"


@dataclass(frozen=True)
class Revenue:
    """So many orders, worth so much of one currency."""

    currency: str
    amount: Decimal
    orders: int


def revenue(which: sa.ColumnElement[bool], days: int | None = None) -> list[Revenue]:
    """What clicks on these messages earned within `days` (REVENUE_WINDOW_DAYS unless said), by currency, most orders first."""
    window = current_app.config["REVENUE_WINDOW_DAYS"] if days is None else days
    sums: dict[str, list[Decimal]] = defaultdict(list)
    for facts in db.session.scalars(_attributed(which, window)):
        amount = _amount(facts.get("amount"))
        if amount is not None:
            sums[str(facts.get("currency") or current_app.config["CURRENCY"]).upper()[:8]].append(amount)
    found = [Revenue(currency, sum(amounts, Decimal(0)), len(amounts)) for currency, amounts in sums.items()]
    return sorted(found, key=lambda each: (-each.orders, each.currency))


def _attributed(which: sa.ColumnElement[bool], days: int) -> sa.Select[Any]:
    """The facts of each order that belongs to a click on one of these messages: the first of each click."""
    clickers = sa.select(EmailMessage.contact_id).where(which, EmailMessage.clicked_at.is_not(None))
    orders = _orders(clickers)
    click = (
        sa.select(EmailLinkClick.id)
        .where(
            EmailLinkClick.contact_id == orders.c.contact_id,
            EmailLinkClick.visitor == "person",
            EmailLinkClick.clicked_at <= orders.c.at,
            EmailLinkClick.clicked_at > _before(orders.c.at, days),
        )
        .order_by(EmailLinkClick.clicked_at.desc(), EmailLinkClick.id.desc())
        .limit(1)
        .correlate(orders)
        .scalar_subquery()
    )
    rank = sa.func.row_number().over(partition_by=sa.literal_column("click_id"), order_by=sa.literal_column("at"))
    clicked = sa.select(orders.c.facts, orders.c.at, click.label("click_id")).subquery()
    first = sa.select(clicked.c.facts, clicked.c.click_id, rank.label("rank")).select_from(clicked).subquery()
    return (
        sa.select(first.c.facts)
        .join(EmailLinkClick, EmailLinkClick.id == first.c.click_id)
        .join(EmailMessage, EmailMessage.id == EmailLinkClick.email_message_id)
        .where(first.c.rank == 1, which)
    )


def _orders(contacts: sa.Select[Any]) -> sa.Subquery:
    """The orders these contacts paid: whose, when, and the facts with amount and currency."""
    activity = ContactActivity
    return (
        sa.select(activity.contact_id, activity.created_at.label("at"), activity.metadata_.label("facts"))
        .where(
            activity.activity_type == Custom.kind,
            activity.contact_id.in_(contacts),
            activity.metadata_["type"].as_string() == PAID,
        )
        .subquery()
    )


def _before(moment: Any, days: int) -> Any:
    if is_postgresql():
        return moment - sa.func.make_interval(0, 0, 0, days)
    return sa.func.strftime(sa.literal_column("'%Y-%m-%d %H:%M:%f'"), moment, f"-{days} days")


def _amount(value: object) -> Decimal | None:
    """The amount as a program told it; None for what is no sum of money."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and abs(amount) < 10**12 else None
