"""Handing over, and closing the account."""

from __future__ import annotations

import sqlalchemy as sa

from crm.automation.assignments import reassign_steps
from crm.bulk.models import BulkAction
from crm.bulk.operations import request_action
from crm.contacts.models import Contact
from crm.database import db
from crm.ownership.models import OwnershipRulePerson
from crm.tasks.models import OPEN, Task
from crm.users.models import ApiToken, User
from crm.users.operations import check_not_own, disable
from crm.views.models import ContactView

_QUIET = {"synchronize_session": False}


def leave(user: User, contacts_to: User | None, rest_to: User | None, by: User) -> BulkAction | None:
    """Let the user in no more and give what they had to others; what has no taker stays theirs. Raises ValueError in words.

    Returns the bulk action that hands the contacts over, if there are any: it comes last, so that nothing new reaches them meanwhile.
    """
    check_not_own(user, by)
    for taker in (contacts_to, rest_to):
        if taker is not None and (taker.id == user.id or not taker.is_enabled):
            raise ValueError("Choose somebody who stays.")
    disable(user)
    db.session.execute(sa.delete(ApiToken).where(ApiToken.user_id == user.id), execution_options=_QUIET)
    db.session.execute(sa.delete(OwnershipRulePerson).where(OwnershipRulePerson.user_id == user.id))
    if rest_to is not None:
        _give_tasks(user, rest_to)
        reassign_steps(user.id, rest_to.id)
        views = sa.update(ContactView).where(ContactView.owner_id == user.id, ContactView.is_shared)
        db.session.execute(views.values(owner_id=rest_to.id), execution_options=_QUIET)
    return _hand_over(user, contacts_to, by) if contacts_to is not None else None


def _give_tasks(user: User, taker: User) -> None:
    mine = sa.update(Task).where(Task.assigned_to == user.id, Task.status.in_(OPEN))
    db.session.execute(mine.values(assigned_to=taker.id), execution_options=_QUIET)


def _hand_over(user: User, taker: User, by: User) -> BulkAction | None:
    if db.session.scalar(sa.select(Contact.id).where(Contact.owner_id == user.id).limit(1)) is None:
        return None
    params = {"owner": str(taker.id), "name": taker.name}
    title = f"Contacts of {user.name} to {taker.name}"
    return request_action("assign_owner", params, title, by, query={"owner": [str(user.id)]})
