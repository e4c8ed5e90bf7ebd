"""A view of Carla for tests of decisions, and the problems of a configuration by key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from crm.automation.types import STEPS, TRIGGERS
from crm.automation.view import FACTS, View

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def view(**values: Any) -> View:
    """Carla, who arrived at the step an hour ago."""
    facts = {**dict.fromkeys(FACTS, ""), "first_name": "Carla", "last_name": "Diaz", "email": "carla@example.com"}
    arrived = NOW - timedelta(hours=1)
    return View(
        **{
            "contact_id": 1,
            "owner_id": 7,
            "facts": facts,
            "enrolled_at": arrived,
            "zone": "UTC",
            "arrived_at": arrived,
            **values,
        }
    )


def decide(kind: str, config: dict[str, Any], **values: Any) -> Any:
    """What a step of this kind decides about Carla now."""
    return STEPS[kind].decide(view(**values), config, NOW)


def problems(kind: str, config: Any) -> dict[str, str]:
    """What is wrong with a configuration of a step or trigger, by key."""
    return {each.key: each.text for each in (STEPS.get(kind) or TRIGGERS[kind]).problems(config)}
