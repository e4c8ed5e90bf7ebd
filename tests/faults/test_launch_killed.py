"""A launch whose worker is killed twice while it writes the recipients down: everybody is written down once, nobody twice."""

from __future__ import annotations

import random

import sqlalchemy as sa

from crm.broadcasts import freezing, operations
from crm.broadcasts.models import Broadcast
from crm.contacts.models import Contact
from crm.database import commit, db, table_of
from crm.email.models import EmailMessage
from crm.lib import clock
from tests.broadcasts import kit
from tests.faults.test_worker_killed import looked, until
from tests.faults.worker import Worker

RECIPIENTS, KILLS = freezing.FIRST + freezing.CHUNK + 2_000, 2


def frozen(broadcast_id: int) -> int:
    return looked(lambda: db.session.scalar(sa.select(Broadcast.frozen).where(Broadcast.id == broadcast_id)))


def state(broadcast_id: int) -> str:
    return looked(lambda: db.session.scalar(sa.select(Broadcast.status).where(Broadcast.id == broadcast_id)))


def test_killed_twice_while_it_writes_them_down_everybody_is_there_once(app):
    rows = [{"first_name": "Carla", "email": f"carla{number}@example.com"} for number in range(RECIPIENTS)]
    db.session.execute(sa.insert(table_of(Contact)), rows)
    broadcast_id = kit.draft(per_minute=1).id
    operations.launch(db.session.get_one(Broadcast, broadcast_id), kit.BY)
    commit()
    chance, seen = random.Random(7), 0
    for _ in range(KILLS):
        worker = Worker(app.config["INSTANCE_PATH"], "")
        until(
            lambda seen=seen: frozen(broadcast_id) > seen or state(broadcast_id) != "launching",
            10,
            chance.random() / 50,
        )
        worker.kill()
        seen = frozen(broadcast_id)
        written = looked(lambda: db.session.scalar(sa.select(sa.func.count()).select_from(EmailMessage)))
        assert seen == written, "the checkpoint and the rows are one transaction"
        db.session.execute(sa.update(Broadcast).values(lease_until=clock.now()))
        commit()
    assert (0 < seen < RECIPIENTS, state(broadcast_id)) == (True, "launching"), "the kills came in the middle"
    kit.run()
    assert (frozen(broadcast_id), state(broadcast_id)) == (RECIPIENTS, "sending")
    ids = sa.select(sa.func.count(), sa.func.count(EmailMessage.contact_id.distinct())).select_from(EmailMessage)
    assert tuple(db.session.execute(ids).one()) == (RECIPIENTS, RECIPIENTS)
