"""Uploads for the tests of imports."""

from io import BytesIO

from crm.database import commit
from crm.imports import operations


def received(content, user, name="people.csv"):
    """An upload of `user`, described by what is guessed; phones are dialled in Germany."""
    found = operations.receive(BytesIO(content.encode() if isinstance(content, str) else content), name, user)
    operations.describe(found, found.mapping, country="DE")
    commit()
    return found
