"""Questions about rules that tag by themselves."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.orm import joinedload

from crm.conditions.mentions import Mentioned, Use
from crm.database import db
from crm.tags.models import Tag, TagRule
from crm.tags.rule_words import words_of


def all_rules() -> Sequence[TagRule]:
    """Every rule, by the name of its tag."""
    found = sa.select(TagRule).join(TagRule.tag).options(joinedload(TagRule.tag))
    return db.session.scalars(found.order_by(sa.func.lower(Tag.name), TagRule.id)).all()


def rules_by_tag() -> dict[Tag, list[TagRule]]:
    """The rules of each tag that has some."""
    found: dict[Tag, list[TagRule]] = {}
    for each in all_rules():
        found.setdefault(each.tag, []).append(each)
    return found


def rule_counts() -> dict[int, int]:
    """How many rules that are on each tag has."""
    counted = sa.select(TagRule.tag_id, sa.func.count()).where(TagRule.is_on).group_by(TagRule.tag_id)
    return {row[0]: row[1] for row in db.session.execute(counted)}


def rules_with(thing: Mentioned) -> list[Use]:
    """The rules that give the tag, or speak of the thing in what narrows them."""
    return [
        Use(f"Rule of the tag “{each.tag.name}”: {words_of(each)}", url_for("tag_rules.edit", rule_id=each.id))
        for each in all_rules()
        if thing.is_in([{"tag_id": each.tag_id}, each.filters, each.condition])
    ]
