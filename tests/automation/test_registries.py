"""Folders, tuples and tests of the types belong together."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from crm.activity.vocabulary import VOCABULARY
from crm.automation.declared import Declared
from crm.automation.types import STEP_TYPES, TRIGGER_TYPES

HERE = Path(__file__).parent
ROOM = HERE.parent.parent / "crm" / "automation"
ALL: tuple[Declared, ...] = (*STEP_TYPES, *TRIGGER_TYPES)


def files(folder: str) -> set[str]:
    return {each.stem for each in (ROOM / folder).glob("*.py")} - {"__init__"}


def test_every_file_of_the_folders_is_listed():
    assert {each.kind for each in STEP_TYPES} == files("steps")
    assert {type(each).__module__.rsplit(".", 1)[1] for each in TRIGGER_TYPES} == files("triggers")


def test_every_step_type_has_its_tests():
    tested = {each.stem.removeprefix("test_") for each in (HERE / "steps").glob("test_*.py")}
    assert {each.kind for each in STEP_TYPES} - tested == set()


def test_kinds_are_unique():
    assert len({each.kind for each in STEP_TYPES}) == len(STEP_TYPES)
    assert len({each.kind for each in TRIGGER_TYPES}) == len(TRIGGER_TYPES)


@pytest.mark.parametrize("declared", ALL, ids=lambda each: each.kind)
def test_it_can_be_shown_while_it_is_still_empty(app, declared):
    assert "__doc__" in vars(sys.modules[type(declared).__module__]) and len(declared.help) > 30
    assert declared.summary({})
    assert all(field.label.text for field in declared.form())


@pytest.mark.parametrize("trigger", TRIGGER_TYPES, ids=lambda each: each.kind)
def test_it_hears_activities_of_the_vocabulary(trigger):
    assert set(trigger.activities) <= set(VOCABULARY)
