"""Any list as CSV or Excel: for its author, safe in a spreadsheet, and not more than the author may see."""

import csv
import io
import zipfile
from datetime import UTC, date, datetime, timedelta

import pytest

from crm.contacts.listing import Wanted, matching_ids
from crm.database import commit, db
from crm.exports import operations, runs
from crm.exports.files import write_xlsx
from crm.exports.jobs import run_exports
from crm.exports.models import ContactExport
from crm.exports.routes import AT_ONCE
from crm.lib import clock
from crm.tags.operations import add_tag
from tests import factories

EVIL = ["=1+1", "\t=cmd|' /C calc'!A0", " @SUM(1)", "\r+1", "＝1+1", "-2+3"]


def table(reply):
    return list(csv.DictReader(io.StringIO(reply.data.decode("utf-8-sig"))))


def exported(client, query="", file_format="csv"):
    made = client.post("/exports", data={"format": file_format, "query": query})
    return client.get(f"{made.location}/file")


def test_its_name_has_the_day_of_whose_file_it_is(mo):
    mo.timezone = "Europe/Berlin"
    made = ContactExport(user=mo, format="csv", created_at=datetime(2026, 12, 31, 23, 20, tzinfo=UTC))
    assert made.file_name == "contacts-2027-01-01.csv"


def test_the_list_on_screen_becomes_a_file(as_mo, mo):
    carla = factories.contact(country="PE", birthday=date(2001, 3, 4), owner_id=mo.id)
    factories.contact(first_name="Omar", email="omar@example.com")
    add_tag(carla, factories.tag("Hot"), mo.actor)
    commit()
    assert "1 contact, those the list is narrowed to" in as_mo.get("/exports/new?tag=hot").text
    (row,) = table(exported(as_mo, "tag=hot"))
    assert (row["Email"], row["Country"], row["Birthday"]) == ("carla@example.com", "Peru", "2001-03-04")
    assert (row["Owner"], row["Tags"]) == ("Mo", "Hot")
    assert len(table(exported(as_mo))) == 2


def test_it_keeps_the_order_of_the_list(as_mo):
    for name in ("Bea", "Abe", "Cid"):
        factories.contact(first_name=name, last_name="", email=None)
    assert [each["First name"] for each in table(exported(as_mo, "sort=name"))] == ["Abe", "Bea", "Cid"]
    assert [each["First name"] for each in table(exported(as_mo, "sort=-name"))] == ["Cid", "Bea", "Abe"]


@pytest.mark.parametrize("name", EVIL)
def test_no_cell_is_a_formula(as_mo, name):
    factories.contact(first_name=name)
    (row,) = table(exported(as_mo))
    assert row["First name"].startswith("'")
    book = zipfile.ZipFile(io.BytesIO(exported(as_mo, file_format="xlsx").data))
    assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")


def test_an_excel_file_goes_on_on_another_sheet(tmp_path, monkeypatch):
    monkeypatch.setattr("crm.exports.files.SHEET", 2)
    seen = []
    write_xlsx(tmp_path / "x.xlsx", ["Name"], [[["a"], ["b"]], [["c"]]], seen.append)
    book = zipfile.ZipFile(tmp_path / "x.xlsx")
    assert seen == [2, 3]
    assert [book.read(f"xl/worksheets/sheet{each}.xml").count(b"<row") for each in (1, 2)] == [3, 2]


def test_a_file_is_for_its_author_alone(as_mo, as_ada):
    factories.contact()
    made = as_mo.post("/exports", data={"format": "csv", "query": ""})
    for path in ("", "/state", "/file"):
        assert as_mo.get(made.location + path).status_code == 200
        assert as_ada.get(made.location + path).status_code == 404
    assert as_ada.post(f"{made.location}/deletion").status_code == 404
    as_mo.post(f"{made.location}/deletion")
    assert as_mo.get(f"{made.location}/file").status_code == 404
    assert list(operations.folder().iterdir()) == []


def test_an_agent_and_a_viewer_export_nothing(as_agnes, as_vic):
    for client in (as_agnes, as_vic):
        assert client.get("/exports/new").status_code == 403
        assert client.post("/exports", data={"format": "csv"}).status_code == 403


def test_a_strange_format_is_refused(as_mo):
    assert as_mo.post("/exports", data={"format": "exe", "query": ""}).status_code == 422


def test_a_long_list_is_left_to_the_worker(as_mo, mo, monkeypatch):
    factories.contact()
    monkeypatch.setattr("crm.exports.routes.AT_ONCE", AT_ONCE - AT_ONCE)
    made = as_mo.post("/exports", data={"format": "csv", "query": ""})
    assert "Waiting for the worker" in as_mo.get(made.location).text
    assert as_mo.get(f"{made.location}/file").status_code == 404
    run_exports()
    assert "The file is ready" in as_mo.get(made.location).text
    assert len(table(as_mo.get(f"{made.location}/file"))) == 1


def test_the_rights_of_the_moment_it_is_written_count(mo, agnes):
    factories.contact()
    found = operations.ask_for("csv", {}, mo)
    mo.role = "crm_agent"
    commit()
    runs.run(found.id)
    assert found.rows_total == 0
    assert matching_ids(Wanted(), mo) == []


def test_one_that_keeps_stopping_is_given_up(mo):
    found = operations.ask_for("csv", {}, mo)
    found.attempts = 3
    commit()
    runs.run(found.id)
    db.session.refresh(found)
    assert (found.status, found.error) == ("failed", "It stopped 3 times. The log says why.")


def test_files_go_after_a_week(mo):
    factories.contact()
    found = operations.ask_for("csv", {}, mo)
    commit()
    runs.run(found.id)
    operations.sweep(clock.now() + timedelta(days=6))
    assert operations.path_of(found).exists()
    operations.sweep(clock.now() + timedelta(days=8))
    assert list(operations.folder().iterdir()) == []
    assert db.session.query(ContactExport).count() == 0
