"""Many rows through one statement: few and many, undone and done again."""

import json
from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from crm.lib.bulk import STAGED, VALUES, execute_alike, execute_many, insert_new_staged, listed

PEOPLE = sa.Table(
    "people",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String, unique=True),
    sa.Column("born", sa.Date),
    sa.Column("kind", sa.String),
)


@pytest.fixture
def connection():
    with sa.create_engine("sqlite://").connect() as connection:
        PEOPLE.create(connection)
        yield connection


def fill(connection, count):
    columns = {"name": [f"n{each}" for each in range(count)], "born": [date(2000, 1, 2), *[None] * (count - 1)]}
    execute_alike(connection, sa.insert(PEOPLE), {"kind": "lead"}, columns)


@pytest.mark.parametrize("count", [1, STAGED - 1, STAGED, STAGED + 1, VALUES])
def test_few_and_many_rows_arrive_in_order(connection, count):
    fill(connection, count)
    rows = connection.execute(sa.select(PEOPLE).order_by(PEOPLE.c.id)).all()
    assert [tuple(each) for each in rows[:2]] == [(1, "n0", date(2000, 1, 2), "lead"), (2, "n1", None, "lead")][:count]
    assert [each.name for each in rows] == [f"n{each}" for each in range(count)]


def test_the_next_rows_find_nothing_left_of_the_last_or_of_those_undone(connection):
    fill(connection, STAGED)
    with pytest.raises(sa.exc.IntegrityError):
        fill(connection, STAGED)
    connection.rollback()
    PEOPLE.create(connection, checkfirst=True)
    fill(connection, STAGED)
    connection.execute(sa.delete(PEOPLE))
    fill(connection, STAGED + 1)
    assert connection.scalar(sa.select(sa.func.count()).select_from(PEOPLE)) == STAGED + 1


def test_those_that_are_there_already_are_passed_over(connection):
    fill(connection, STAGED)
    statement = insert(PEOPLE).on_conflict_do_nothing().returning(PEOPLE.c.name)
    rows = [{"name": f"n{each}", "kind": "lead", "born": date(2000, 1, 1)} for each in range(STAGED - 2, 2 * STAGED)]
    assert insert_new_staged(connection, statement, rows) == [f"n{each}" for each in range(STAGED, 2 * STAGED)]
    assert insert_new_staged(connection, statement, rows) == []
    assert connection.scalar(sa.select(PEOPLE.c.born).order_by(PEOPLE.c.id.desc())) == date(2000, 1, 1)


def test_an_update_tells_how_many_rows_it_changed(connection):
    fill(connection, 3)
    named = (
        sa.update(PEOPLE)
        .where(PEOPLE.c.name == sa.bindparam("who"), PEOPLE.c.kind == "lead")
        .values(born=sa.bindparam("day"))
    )
    changed = {"who": ["n0", "n2", "n9"]}
    assert execute_alike(connection, named, {"day": date(2001, 1, 1)}, changed) == 2
    assert execute_many(connection, named, [{"who": "n1", "day": None}, {"who": "n2", "day": date(2002, 2, 2)}]) == 2
    born = connection.scalars(sa.select(PEOPLE.c.born).order_by(PEOPLE.c.id)).all()
    assert born == [date(2001, 1, 1), None, date(2002, 2, 2)]


def test_a_list_is_one_value_of_a_statement_made_once(connection):
    fill(connection, 3)
    some = sa.select(PEOPLE.c.name).where(PEOPLE.c.name.in_(listed("names", sa.Text)))
    for names in (["n1", "n2", "ö' \U0001f600"], ["n0"], []):
        assert connection.scalars(some, {"names": json.dumps(names)}).all() == [
            each for each in names if each[0] == "n"
        ]
