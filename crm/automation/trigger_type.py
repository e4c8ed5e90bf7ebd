"""What a trigger type is: a class in a family's file in `triggers`, listed in `types.TRIGGER_TYPES`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import sqlalchemy as sa

from crm.activity.models import Fact
from crm.activity.vocabulary import Activity
from crm.automation.declared import Declared


class TriggerType(Declared):
    """A type of trigger: the activities it hears, and which of them it means."""

    activities: ClassVar[tuple[type[Activity], ...]] = ()

    def matches(self, config: Mapping[str, Any], activity: Fact) -> bool:  # noqa: ARG002
        """Whether this activity, one of `activities`, starts the workflow."""
        return True

    def meant(self, config: Mapping[str, Any], activities: Sequence[Fact]) -> list[Fact]:
        """Those of these activities that start the workflow; for types that have to look something up, once for all."""
        return [each for each in activities if self.matches(config, each)]

    def already(self, config: Mapping[str, Any]) -> sa.ColumnElement[bool] | None:  # noqa: ARG002
        """The contacts for whom it has happened before, for those who want them taken in; None if that cannot be told."""
        return None
