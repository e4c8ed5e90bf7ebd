"""Contacts from a file, at the prompt."""

import pytest

from tests.processes import run_here

FILE = (
    "Name,E-mail,Town\nAda Lovelace,ada@example.com,London\nJosé García,jose@example.com,\nNobody,not an address,Bath\n"
)


@pytest.fixture
def school(tmp_path):
    (tmp_path / "people.csv").write_text(FILE)
    return tmp_path / "school"


def test_a_dry_run_tells_and_changes_nothing(school, tmp_path):
    file = str(tmp_path / "people.csv")
    first = run_here(school, "import", "contacts", file, "--map", "Town=city", "--dry-run")
    assert "New: 2" in first.stdout, first.stderr
    assert "line 4" in first.stderr
    second = run_here(school, "import", "contacts", file, "--map", "Town=city", "--tag", "Open day")
    assert "New: 2" in second.stdout
    again = run_here(school, "import", "contacts", file, "--map", "Town=city")
    assert "New: 0" in again.stdout


def test_a_file_that_is_not_there_or_not_a_table_is_said_in_words(school, tmp_path):
    missing = run_here(school, "import", "contacts", str(tmp_path / "other.csv"))
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8)
    picture = run_here(school, "import", "contacts", str(tmp_path / "picture.csv"))
    column = run_here(school, "import", "contacts", str(tmp_path / "people.csv"), "--map", "Shoe size=city")
    for reply in (missing, picture, column):
        assert reply.exit_code == 1
        assert reply.stderr.splitlines()[-1].startswith("Error: ")
        assert "Traceback" not in reply.stderr
