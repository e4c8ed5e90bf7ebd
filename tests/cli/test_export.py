"""Contacts to a file, at the prompt."""

import csv

from tests.processes import run_here


def test_what_was_imported_is_exported(tmp_path):
    school, there, back = tmp_path / "school", tmp_path / "people.csv", tmp_path / "out.csv"
    there.write_text("First name,Email\nZoë,zoe@example.com\n=1+1,eve@example.com\n")
    run_here(school, "import", "contacts", str(there))
    reply = run_here(school, "export", "contacts", str(back))
    assert "2 contacts were written" in reply.stdout, reply.stderr
    with back.open(encoding="utf-8-sig", newline="") as file:
        assert [row["First name"] for row in csv.DictReader(file)] == ["Zoë", "'=1+1"]
    assert run_here(school, "export", "contacts", str(tmp_path / "out.xlsx")).exit_code == 0
    other = run_here(school, "export", "contacts", str(tmp_path / "out.pdf"))
    assert (other.exit_code, "Traceback" in other.stderr) == (1, False)


def test_somebody_is_erased_at_the_prompt(tmp_path):
    school, there = tmp_path / "school", tmp_path / "people.csv"
    there.write_text("First name,Email\nZoë,zoe@example.com\n")
    run_here(school, "import", "contacts", str(there))
    reply = run_here(school, "erase", "Zoe@example.com", "--yes")
    assert "was erased" in reply.stdout, reply.stderr
    assert run_here(school, "erase", "zoe@example.com", "--yes").exit_code == 1
    assert all(b"zoe@example.com" not in each.read_bytes() for each in school.rglob("*") if each.is_file())
