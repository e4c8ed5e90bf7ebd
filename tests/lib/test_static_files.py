"""Browsers keep our files, and ask again when one changed."""

import re

from crm.lib import static_files


def address_of(page: str, file: str) -> str:
    return re.search(rf'"(/static/{file}\?v=\w+)"', page).group(1)


def test_a_marked_file_is_kept_for_a_year(anonymous):
    address = address_of(anonymous.get("/sign-in").text, "core.css")
    assert "max-age=31536000" in anonymous.get(address).headers["Cache-Control"]


def test_an_unmarked_one_is_asked_for_again(anonymous):
    assert "max-age=31536000" not in anonymous.get("/static/core.css").headers.get("Cache-Control", "")


def test_a_changed_file_gets_another_mark_after_a_restart(tmp_path):
    file = tmp_path / "app.css"
    file.write_text("a")
    before = static_files._digest(str(file.parent), file.name)
    file.write_text("b")
    static_files._digest.cache_clear()
    assert static_files._digest(str(file.parent), file.name) != before
