"""what a merge called off, opt-outs that stand in files; numbers that are never given again

On SQLite AUTOINCREMENT is a word of the table's definition and a row of sqlite_sequence; the rows and indexes are stored as without it.
So the definition is edited where it stands, as https://sqlite.org/lang_altertable.html describes for changes that leave the file's
content alone: writing a million contacts anew, with thirty indexes and the search beside them, would take minutes.
"""

import re

import sqlalchemy as sa
from alembic import op

from crm.database import JSON

revision = "0010"
down_revision = "0009"

TABLES = (
    "audiences", "automation_enrollments", "automation_steps", "automation_workflows", "consent_records", "contact_imports",
    "contact_merges", "contact_notes", "contact_tags", "contact_tasks", "contact_views", "contacts", "custom_fields",
    "deleted_records", "email_lanes", "email_messages", "email_senders", "email_templates", "email_unsubscribes", "invitations",
    "password_resets", "suppressions", "teams", "topics", "users",
)
FORMER = {
    "contacts": "SELECT max(record_id) FROM deleted_records WHERE table_name = 'contacts' UNION ALL SELECT max(loser_id) FROM contact_merges",
}
"""Where numbers are still known that were given and whose row is gone."""


def upgrade() -> None:
    with op.batch_alter_table("contact_merges", schema=None) as batch_op:
        batch_op.add_column(sa.Column("called_off", JSON, server_default="[]", nullable=False))
    with op.batch_alter_table("contact_imports", schema=None) as batch_op:
        batch_op.add_column(sa.Column("opted_out", sa.Integer(), server_default="0", nullable=False))
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        never_again(connection)


def never_again(connection: sa.Connection) -> None:
    """Edit the definitions, and begin each count at the highest number that was given."""
    run = connection.exec_driver_sql
    run("CREATE TABLE numbered (id INTEGER PRIMARY KEY AUTOINCREMENT)")  # the first of its kind brings sqlite_sequence
    run("DROP TABLE numbered")
    version = run("PRAGMA schema_version").scalar()
    run("PRAGMA writable_schema = ON")
    for name in TABLES:
        stored = run("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (name,)).scalar()
        if "AUTOINCREMENT" in stored:
            continue
        edited, ids = re.subn(r"\bid INTEGER NOT NULL,", "id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,", stored, count=1)
        edited, keys = re.subn(rf",\s*CONSTRAINT \"?pk_{name}\"? PRIMARY KEY \(\"?id\"?\)", "", edited, count=1)
        if (ids, keys) != (1, 1):
            raise RuntimeError(f"The definition of {name} is not as the migrations before left it: {stored}")
        run("UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = ?", (edited, name))
        former = f" UNION ALL {FORMER[name]}" if name in FORMER else ""
        highest = run(f"SELECT max(id) FROM (SELECT max(id) AS id FROM {name}{former})").scalar()
        run("DELETE FROM sqlite_sequence WHERE name = ?", (name,))
        run("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (name, highest or 0))
    run(f"PRAGMA schema_version = {version + 1}")
    run("PRAGMA writable_schema = RESET")
