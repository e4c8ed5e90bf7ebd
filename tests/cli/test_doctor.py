"""What is wrong, told at the prompt."""

from tests.processes import run_here


def test_doctor_names_what_is_wrong(tmp_path):
    reply = run_here(tmp_path / "school", "doctor")
    assert reply.exit_code == 1
    assert "WRONG worker: never seen" in reply.stdout
