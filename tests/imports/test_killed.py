"""An import whose process is killed, with SIGKILL in the middle of a batch, goes on where it was."""

import os
import signal
import subprocess
import sys

import pytest
import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.contacts.models import Contact
from crm.database import commit, db
from crm.imports import operations, runs
from crm.imports.models import ContactImport
from tests.imports.files import received

ROWS = 300
CHILD = """
import os, signal, sys
from pathlib import Path
from crm import create_app
from crm.imports import runs

app = create_app(Path(sys.argv[1]))
batches = iter(range(100))
keep = runs._keep_rows

def keep_or_die(*arguments):
    keep(*arguments)
    if next(batches) == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

runs._keep_rows = keep_or_die
with app.app_context():
    runs.run(int(sys.argv[2]), batch=50, together=int(sys.argv[4]), is_gentle=False)
"""


@pytest.mark.parametrize(("together", "there"), [(0, 150), (100, 100)])
def test_no_row_is_lost_or_doubled(app, ada, together, there):
    body = "".join(f"P{each},p{each}@example.com\n" for each in range(ROWS))
    found = received("First name,Email\n" + body, ada)
    operations.start(found)
    commit()
    for batches in (2, 1):
        arguments = [app.config["INSTANCE_PATH"], found.id, batches, together]
        command = [sys.executable, "-c", CHILD, *map(str, arguments)]
        child = subprocess.run(command, env={**os.environ, "PYTHONPATH": os.getcwd()}, timeout=120)
        assert child.returncode == -signal.SIGKILL
        db.session.execute(sa.update(ContactImport).values(lease_until=None))
        commit()
    assert count(Contact) == there
    runs.run(found.id, batch=50, together=together, is_gentle=False)
    found = db.session.get(ContactImport, found.id, populate_existing=True)
    assert (found.status, found.created, found.rows_total) == ("done", ROWS, ROWS)
    assert (count(Contact), count(ContactActivity)) == (ROWS, ROWS)
    assert db.session.scalar(sa.text("SELECT count(*) FROM contacts_search")) == ROWS


def count(model):
    return db.session.scalar(sa.select(sa.func.count()).select_from(model))
