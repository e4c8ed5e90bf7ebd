"""Giving a rule's tag for what happened before the rule was made, some activities at a time, from a place kept with the rule."""

from __future__ import annotations

import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.database import commit, db, reading, rollback, table_of
from crm.tags.models import TagRule
from crm.tags.rules import meant_by, tag_by_rule

WINDOW = 20_000
"""So many activities are looked through at once, without a write lock."""
BATCH = 1_000
RULES = table_of(TagRule)


def go_back(window: int = WINDOW) -> bool:
    """Look through the next activities of one rule, oldest first. Whether there may be more to do. Commits batch by batch."""
    with reading():
        waiting = sa.select(TagRule).where(TagRule.past_until_id.is_not(None)).limit(1)
        rule = db.session.scalar(waiting.execution_options(populate_existing=True))
        if rule is None:
            return False
        after, until = rule.past_after_id or 0, min((rule.past_after_id or 0) + window, rule.past_until_id or 0)
        found = db.session.execute(meant_by(rule, ContactActivity.id > after, ContactActivity.id <= until)).all()
        is_last, rule_id = until == rule.past_until_id, rule.id
    for start in range(0, len(found), BATCH):
        if not _tag(rule_id, after, [(each[0], 0) for each in found[start : start + BATCH]]):
            return True
    _move(rule_id, after, None if is_last else until)
    return True


def _tag(rule_id: int, after: int, some: list[tuple[int, int]]) -> bool:
    """One transaction, if the rule is still at this place; nobody is tagged twice, whoever else is at it."""
    rule = db.session.get(TagRule, rule_id, populate_existing=True)
    if rule is None or rule.past_after_id != after:
        rollback()
        return False
    rule.past_tagged = (rule.past_tagged or 0) + len(tag_by_rule(rule, some))
    db.session.flush()
    commit()
    return True


def _move(rule_id: int, after: int, to: int | None) -> None:
    """On to the next place, or done."""
    values = {"past_after_id": to} if to is not None else {"past_after_id": None, "past_until_id": None}
    ours = (RULES.c.id == rule_id) & (RULES.c.past_after_id == after)
    db.session.execute(sa.update(RULES).where(ours).values(**values))
    commit()
