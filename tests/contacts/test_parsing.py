"""What people write into the fields of a contact, and what is stored of it."""

from datetime import date

import pytest
from babel import Locale, localedata

from crm.contacts import parsing
from crm.contacts.own_names import OWN_NAMES
from crm.contacts.parsing import PARSERS


@pytest.mark.parametrize(
    ("field", "written", "stored"),
    [
        ("first_name", "  Zoë \t Ann ", "Zoë Ann"),
        ("first_name", "", ""),
        ("city", " ", None),
        ("email", " Carla.Diaz+x@Example.COM ", "carla.diaz+x@example.com"),
        ("email", "mailto:carla@example.com", "carla@example.com"),
        ("email", "jörg@münchen.example", "jörg@münchen.example"),
        ("email", "o'brien@example.ie", "o'brien@example.ie"),
        ("phone", "+491511234567", "+491511234567"),
        ("phone", "+49 (0)30 123456", "+4930123456"),
        ("phone", "0049 30 123456", "+4930123456"),
        ("phone", "", None),
        ("country", "Deutschland", "DE"),
        ("country", "côte d’ivoire", "CI"),
        ("country", "gb", "GB"),
        ("language", "Français", "fr"),
        ("language", "pt_br", "pt-BR"),
        ("language", "German", "de"),
        ("timezone", "europe/berlin", "Europe/Berlin"),
        ("lifecycle_stage", "Enrolled", "enrolled"),
        ("lifecycle_stage", "", "lead"),
        ("birthday", "1990-04-03", date(1990, 4, 3)),
        ("birthday", "3.4.1990", date(1990, 4, 3)),
        ("birthday", "25/12/1990", date(1990, 12, 25)),
        ("birthday", "12/25/1990", date(1990, 12, 25)),
    ],
)
def test_it_is_stored_clean(field, written, stored):
    assert PARSERS[field](written) == (stored, None)


@pytest.mark.parametrize(
    ("field", "written"),
    [
        ("first_name", "a\x00b"),
        ("first_name", "x" * 121),
        ("email", "carla"),
        ("email", "carla@localhost"),
        ("email", "carla@@example.com"),
        ("email", "carla..diaz@example.com"),
        ("email", "=cmd()@x"),
        ("email", "a" * 65 + "@example.com"),
        ("phone", "030 123456"),
        ("phone", "+49"),
        ("phone", "+999 123456789"),
        ("phone", "call me"),
        ("country", "Atlantis"),
        ("language", "Klingonisch"),
        ("timezone", "Mars/Olympus"),
        ("lifecycle_stage", "king"),
        ("birthday", "3/4/1990"),
        ("birthday", "31.2.1990"),
        ("birthday", "1.1.3000"),
        ("birthday", "1.1.90"),
        ("birthday", "yesterday"),
    ],
)
def test_it_is_refused_in_words(field, written):
    value, problem = PARSERS[field](written)
    assert value is None
    assert problem.endswith(".")


def test_a_number_without_a_code_is_dialled_in_the_country():
    assert parsing.phone("030 123456", "DE") == ("+4930123456", None)


def test_the_order_of_day_and_month_can_be_said():
    assert parsing.birthday("3/4/1990", day_first=True)[0] == date(1990, 4, 3)
    assert parsing.birthday("3/4/1990", day_first=False)[0] == date(1990, 3, 4)


@pytest.mark.parametrize("digits", ["4915112345678", "49", "12025550123", "1202555", "999123456", "358401234567"])
def test_the_quick_way_for_phones_agrees_with_the_library(digits):
    import phonenumbers

    try:
        possible = phonenumbers.is_possible_number(phonenumbers.parse("+" + digits))
    except phonenumbers.NumberParseException:
        possible = False
    assert (parsing.phone("+" + digits)[1] is None) == possible


def test_languages_call_themselves_what_babel_says():
    known = [code for code in Locale("en").languages if len(code) == 2 and localedata.exists(code)]
    assert {code: Locale(code).get_language_name(code) for code in known} == OWN_NAMES
