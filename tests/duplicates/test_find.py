"""People who are there twice are found, with reasons; others are left in peace."""

from datetime import date

import pytest

from crm.database import commit, db
from crm.duplicates.finder import look_through
from crm.duplicates.likeness import sound_of
from crm.duplicates.models import DuplicatePair
from crm.duplicates.operations import dismiss
from tests import factories

BORN = date(2001, 3, 4)


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ({"phone": "+51911111111"}, {"phone": "+51911111111", "first_name": "Bea"}, "Same phone number"),
        ({"birthday": BORN}, {"birthday": BORN}, "Same birthday"),
        ({"city": "Bogotá"}, {"city": "bogota"}, "Same city"),
        ({"first_name": "Katharina", "birthday": BORN}, {"first_name": "Catharina", "birthday": BORN}, "Similar name"),
        ({"email": "carla.diaz@gmail.com"}, {"email": "carladiaz+x@googlemail.com"}, "Same mailbox"),
        ({"email": "carladiaz@gmail.com"}, {"email": "carladiaz@gmial.com"}, "Similar email"),
    ],
)
def test_it_finds_and_says_why(app, first, second, reason):
    a = factories.contact(**{"email": None, **first})
    b = factories.contact(**{"email": None, **second})
    assert look_through() == 1
    pair = db.session.query(DuplicatePair).one()
    assert (pair.first_id, pair.second_id) == (a.id, b.id)
    assert reason in pair.reasons


def test_others_are_left_in_peace(app):
    factories.contact(birthday=BORN)
    factories.contact(email="other@example.com", birthday=date(1970, 1, 1))
    factories.contact(first_name="Omar", last_name="Haddad", email="omar@example.com", birthday=BORN)
    assert look_through() == 0


def test_a_number_the_whole_office_shares_says_nothing(app):
    for number in range(14):
        name = {"first_name": f"{chr(97 + number)}x" * 4, "last_name": "", "email": None}
        factories.contact(phone="+51911111111", **name)
    assert look_through() == 0


def test_what_was_dismissed_stays_so_and_what_is_no_more_goes(app):
    a, b = factories.contact(phone="+51911111111"), factories.contact(email=None, phone="+51911111111")
    look_through()
    dismiss(a, b)
    commit()
    look_through()
    assert db.session.query(DuplicatePair).one().dismissed_at
    c = factories.contact(email="c@example.com", first_name="Zed", phone="+51911111111")
    assert look_through() == 3
    c.phone = None
    commit()
    look_through()
    assert db.session.query(DuplicatePair).count() == 1


def test_names_that_sound_alike_meet():
    for one, other in (("philip", "filip"), ("meyer", "maier"), ("schmidt", "schmitt"), ("catherine", "katherine")):
        assert sound_of(one) == sound_of(other)


def test_the_profile_hints_at_it_on_top_and_is_silent_otherwise(as_ada):
    a = factories.contact(email="a@example.com", phone="+51911111111")
    assert "may be a duplicate" not in as_ada.get(f"/contacts/{a.id}/duplicates").text
    factories.contact(email="b@example.com", phone="+51911111111")
    hint = as_ada.get(f"/contacts/{a.id}/duplicates").text
    assert "may be a duplicate" in hint
    assert "b@example.com" in hint
