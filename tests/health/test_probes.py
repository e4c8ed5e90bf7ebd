"""The machine that runs the product asks whether it is well."""

from crm.database import commit
from crm.health.operations import beat


def test_the_process_answers(anonymous):
    assert anonymous.get("/healthz").json == {"status": "ok"}


def test_it_is_not_ready_before_a_worker_was_seen(anonymous):
    reply = anonymous.get("/readyz")
    assert (reply.status_code, reply.json["worker"]) == (503, False)


def test_it_is_ready_once_the_worker_beats(anonymous):
    beat()
    beat()
    commit()
    assert anonymous.get("/readyz").json["status"] == "ok"
