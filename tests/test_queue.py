"""The queue holds nothing that cannot be lost."""

from tests.conftest import make_app


def test_a_damaged_queue_is_made_anew_at_the_start(tmp_path):
    (tmp_path / "queue.db").write_bytes(b"not a database any more" * 300)
    huey = make_app(tmp_path).extensions["huey"]
    assert huey.pending_count() == 0
    assert (tmp_path / "queue.db").read_bytes().startswith(b"SQLite format 3")
