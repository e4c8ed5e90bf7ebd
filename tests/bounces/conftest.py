"""Doors that are open, and a message to carla that left."""

import pytest

from crm.bounces import certificates
from crm.database import commit, db
from crm.email.models import EmailMessage
from crm.lib import clock
from crm.lib.net import Fetched
from tests import factories
from tests.bounces import carriers
from tests.email.mailroom import later, sent


@pytest.fixture(autouse=True)
def present(monkeypatch):
    """Carriers sign now, however long ago the tests began: what is signed holds for ten minutes."""
    monkeypatch.setattr(carriers, "NOW", int(clock.now().timestamp()))


@pytest.fixture
def doors(app, monkeypatch):
    """Every carrier's door is open, and SNS keeps its certificate where it says."""
    app.config.update(carriers.SETTINGS)
    certificates._known.clear()
    monkeypatch.setattr(
        certificates, "fetch", lambda url, **_: Fetched(200 if url == carriers.CERTIFICATE else 404, carriers.PEM)
    )
    return app


@pytest.fixture
def carla(app):
    return factories.contact()


@pytest.fixture
def message(carla) -> EmailMessage:
    """A message that left with a Message-ID of its own."""
    found = sent(carla)
    found.message_id = f"<{found.id}.1.0123456789abcdef@school.example>"
    commit()
    return found


@pytest.fixture
def tell(doors, anonymous, message):
    """Let a carrier report about the message; its answer's status."""

    def post(carrier: str, kind: str, about: EmailMessage = message, number: str = "1", **more) -> int:
        body, headers = carriers.CARRIERS[carrier](kind, about, number, **more)
        reply = anonymous.post(f"/api/webhooks/email/{carrier}", data=body, headers=headers)
        db.session.expire_all()
        return reply.status_code

    return post


__all__ = ["later"]
