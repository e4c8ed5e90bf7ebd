"""Files as they really come: each is taken in or refused in words, nothing is half done, nothing takes long."""

import time
from io import BytesIO

import pytest
import sqlalchemy as sa

from crm.contacts.models import Contact
from crm.database import db
from crm.imports.jobs import run_imports
from crm.imports.models import ContactImport
from crm.users.models import User

HEAD = "First name,Last name,Email\n"
ROWS = "Zoë,Ek,zoe@example.com\nÅsa,Berg,asa@example.com\n"
BOTH = {"zoe@example.com": "Zoë", "asa@example.com": "Åsa"}
MAPPING = {"column_0": "first_name", "column_1": "last_name", "column_2": "email", "existing": "fill"}


@pytest.fixture
def bring(as_ada):
    """Upload, map and import; what the server answered to the upload, and the import."""

    def bring(content, **mapping):
        began = time.monotonic()
        content = content if isinstance(content, bytes) else content.encode()
        reply = as_ada.post("/imports", data={"file": (BytesIO(content), "file.csv")})
        if reply.status_code == 302:
            assert as_ada.get(reply.location).status_code == 200
            assert as_ada.post(reply.location, data={**MAPPING, **mapping}).status_code == 302
            run_imports()
            assert as_ada.get("/imports/1").status_code == 200
            assert as_ada.post("/imports/1/run").status_code == 302
            run_imports()
            assert as_ada.get("/imports/1").status_code == 200
            assert as_ada.get("/imports/1/left-out.csv").status_code == 200
        assert time.monotonic() - began < 5
        return reply, db.session.scalar(sa.select(ContactImport))

    return bring


def people():
    return dict(db.session.execute(sa.select(Contact.email, Contact.first_name)).all())


@pytest.mark.parametrize(
    "content",
    [
        ("\ufeff" + HEAD + ROWS).encode(),
        (HEAD + ROWS).encode("utf-16"),
        (HEAD + ROWS).encode("latin-1"),
        (HEAD + ROWS).replace("\n", "\r").encode(),
        (HEAD + ROWS).replace(",", ";").encode(),
        ROWS.encode(),
        (HEAD + ROWS + ROWS).encode(),
    ],
    ids=["BOM", "UTF-16", "Latin-1", "CR only", "semicolons", "no header", "rows twice"],
)
def test_it_is_understood(bring, content):
    _, found = bring(content)
    assert people() == BOTH
    assert (found.created, found.refused) == (2, 0)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (HEAD + "Mi\0a,Wong,mia@example.com\n" + ROWS, 2),
        (HEAD + "x" * 5_000_000 + ",Wong,mia@example.com\n" + ROWS, 2),
        (HEAD + '"Mia,Wong,mia@example.com\n' + ROWS, 2),
        (HEAD + ROWS + "Mia,Wong,mia@example.com,1,2,3\n", 4),
        (HEAD + ROWS + "Mia,Wong,\ud83d@example.com\n".encode("utf-8", "surrogatepass").decode("latin-1"), 4),
    ],
    ids=["NUL", "5 MB field", "open quote", "long row", "bytes of no encoding"],
)
def test_the_bad_row_is_listed_and_the_others_come_in(bring, content, line):
    _, found = bring(content.encode())
    assert people() == BOTH
    assert (found.created, found.refused) == (2, 1)
    assert db.session.scalar(sa.text("SELECT line FROM contact_import_rows")) == line


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"a," * 1_000_000 + b"\n1\n", "cannot be read"),
        (bytes(range(256)) * 4000, "no text file"),
        (b"PK\x03\x04" + b"\0" * 1000, "Excel"),
    ],
    ids=["empty", "a million columns", "binary", "Excel"],
)
def test_it_is_refused_in_words(bring, content, words):
    reply, found = bring(content)
    assert (reply.status_code, found) == (422, None)
    assert words in reply.text


def test_a_short_row_leaves_the_rest_empty(bring):
    _, found = bring(
        "Email,First name,Last name\nzoe@example.com\n", column_0="email", column_1="first_name", column_2="last_name"
    )
    assert (found.created, people()) == (1, {"zoe@example.com": ""})


def test_of_two_equal_headings_each_can_be_chosen(bring):
    _, found = bring("Email,Name,Email\nx,Zoë,zoe@example.com\n", column_0="", column_1="first_name", column_2="email")
    assert people() == {"zoe@example.com": "Zoë"}


def test_columns_that_name_our_own_columns_are_not_obeyed(bring, ada):
    content = "id,email,role,owner_id,created_at,lifecycle_stage\n1,zoe@example.com,crm_admin,1,1999-01-01,active\n"
    columns = {"column_0": "", "column_1": "email", "column_2": "", "column_3": "", "column_4": "", "column_5": ""}
    _, found = bring(content.replace("lifecycle_stage", "role2"), **columns)
    zoe = db.session.scalar(sa.select(Contact))
    assert (zoe.owner_id, zoe.lifecycle_stage, zoe.created_at.year > 1999) == (None, "lead", True)
    assert db.session.scalar(sa.select(User.role)) == "crm_admin"


def test_formulas_come_in_as_text(bring):
    bring(HEAD + "=HYPERLINK(1),{{7*7}}<b>,zoe@example.com\n")
    assert people() == {"zoe@example.com": "=HYPERLINK(1)"}
