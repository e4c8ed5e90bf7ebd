"""What activities do to tags: the rules that are on give theirs."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from crm.activity.models import ContactActivity, Fact
from crm.activity.vocabulary import BY_KIND
from crm.database import db
from crm.lib.bulk import among
from crm.tags.models import TagRule
from crm.tags.rules import meant_by, tag_by_rule


def tag_by_rules(activities: Sequence[Fact]) -> None:
    """Give the tags of every rule that means some of these; a statement per rule, however many they are."""
    ids: dict[str, list[int]] = {}
    for each in activities:
        ids.setdefault(each.activity_type, []).append(each.id)
    listening = sa.select(TagRule).where(
        TagRule.is_on, TagRule.activity_type.in_([each for each in ids if each in BY_KIND])
    )
    for rule in db.session.scalars(listening.order_by(TagRule.id)).all():
        found = db.session.execute(meant_by(rule, among(ContactActivity.id, ids[rule.activity_type]))).all()
        if found:
            tag_by_rule(rule, [(contact_id, depth) for contact_id, depth in found])
