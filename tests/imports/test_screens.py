"""From file to contacts on the screen, without JavaScript."""

import sqlite3
from io import BytesIO

import pytest
import sqlalchemy as sa

from crm.contacts.models import Contact
from crm.database import db
from crm.imports.jobs import run_imports
from crm.imports.models import ContactImport
from tests import factories

PEOPLE = "Vorname;E-Mail;Notes\nZoë;zoe@example.com;=1+1\nÅsa;no address;x\n"


def upload(client, content=PEOPLE, name="people.csv"):
    content = content.encode() if isinstance(content, str) else content
    return client.post("/imports", data={"file": (BytesIO(content), name)})


def test_the_whole_way(as_ada):
    reply = upload(as_ada)
    assert reply.location == "/imports/1/mapping"
    page = as_ada.get(reply.location).text
    assert "zoe@example.com · no address" in page
    assert '<option selected value="first_name">' in page
    reply = as_ada.post(
        reply.location, data={"column_0": "first_name", "column_1": "email", "existing": "fill", "new_tag": "Spring"}
    )
    page = as_ada.get(reply.location).text
    assert "Import 1 contact" in page
    assert "“no address”: This is no email address." in page
    assert db.session.scalar(sa.select(sa.func.count(Contact.id))) == 0
    assert "Waiting for the worker" in as_ada.post("/imports/1/run", follow_redirects=True).text
    run_imports()
    assert "1 of them could not be imported" in as_ada.get("/imports/1/state").text
    assert db.session.scalars(sa.select(Contact.email)).all() == ["zoe@example.com"]
    listed = as_ada.get("/imports/1/left-out.csv")
    assert "Åsa;no address;x;3;E-Mail: This is no email address." in listed.text
    assert "people.csv" in as_ada.get("/imports").text


def test_rows_left_out_are_harmless_in_a_spreadsheet(as_ada):
    upload(as_ada, "Name,Email\n=HYPERLINK(1),bad\n")
    as_ada.post("/imports/1/mapping", data={"column_0": "full_name", "column_1": "email", "existing": "fill"})
    assert "'=HYPERLINK(1),bad" in as_ada.get("/imports/1/left-out.csv").text


def test_a_file_that_is_no_table_is_refused_beside_the_field(as_ada):
    reply = upload(as_ada, b"PK\x03\x04", "people.xlsx")
    assert (reply.status_code, "This is an Excel or zipped file" in reply.text) == (422, True)
    assert as_ada.post("/imports", data={}).status_code == 422


def test_a_mapping_that_cannot_be_is_refused_in_words(as_ada):
    upload(as_ada)
    reply = as_ada.post("/imports/1/mapping", data={"column_0": "email", "column_1": "email", "existing": "fill"})
    assert (reply.status_code, "Two columns fill “Email”" in reply.text) == (422, True)
    reply = as_ada.post("/imports/1/mapping", data={"column_0": "city", "column_1": "", "existing": "fill"})
    assert (reply.status_code, "Choose at least the column" in reply.text) == (422, True)


def test_the_first_row_can_be_taken_for_a_person(as_ada):
    upload(as_ada)
    assert "Column 1" in as_ada.post("/imports/1/headings", data={"has_header": "0"}, follow_redirects=True).text


def test_an_import_can_be_discarded(as_ada):
    upload(as_ada)
    assert "was discarded" in as_ada.post("/imports/1/discard", follow_redirects=True).text
    assert db.session.scalar(sa.select(ContactImport)) is None


def test_an_import_can_be_stopped_and_started_again(as_ada):
    upload(as_ada)
    as_ada.post("/imports/1/run")
    assert "Stopped" in as_ada.post("/imports/1/stop", follow_redirects=True).text
    as_ada.post("/imports/1/run")
    run_imports()
    assert "Imported" in as_ada.get("/imports/1").text


@pytest.mark.parametrize("path", ["", "/mapping", "/state", "/left-out.csv"])
def test_the_imports_of_others_are_not_an_agents_business(as_ada, as_agnes, path):
    upload(as_ada)
    assert as_agnes.get(f"/imports/1{path}").status_code == 404
    assert "people.csv" not in as_agnes.get("/imports").text


@pytest.mark.parametrize("path", ["run", "stop", "discard", "headings"])
def test_nor_can_she_touch_them(as_ada, as_agnes, path):
    upload(as_ada)
    assert as_agnes.post(f"/imports/1/{path}").status_code == 404
    assert db.session.scalar(sa.select(ContactImport.status)) == "uploaded"


def test_a_viewer_imports_nothing(as_vic):
    assert as_vic.get("/imports/new").status_code == 403
    assert upload(as_vic).status_code == 403


def test_an_agent_may_not_choose_owners(as_agnes, ada):
    upload(as_agnes, "Email,Owner\nzoe@example.com,ada@school.example\n")
    page = as_agnes.get("/imports/1/mapping").text
    assert "Owner (email of a colleague)" not in page
    assert "New tag" not in page
    assert (
        as_agnes.post(
            "/imports/1/mapping", data={"column_1": "owner", "column_0": "email", "existing": "fill"}
        ).status_code
        == 422
    )


def test_tags_are_offered(as_ada):
    factories.tag("Interested")
    upload(as_ada)
    assert "Interested" in as_ada.get("/imports/1/mapping").text


def test_others_write_while_a_file_arrives(app, as_ada):
    """The body of a slow upload is read without holding the database."""
    wrote = []

    class Slow(BytesIO):
        def readinto(self, buffer):
            with sqlite3.connect(app.config["INSTANCE_PATH"] / "crm.db", timeout=0.2) as other:
                other.execute("UPDATE users SET name = 'Ada'")
            wrote.append(True)
            return super().readinto(buffer)

    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nEmail\na@example.com\n\r\n--x--\r\n'
    reply = as_ada.post(
        "/imports", input_stream=Slow(body), content_length=len(body), content_type="multipart/form-data; boundary=x"
    )
    assert (reply.status_code, bool(wrote)) == (302, True)
