"""The trigger that is a person."""

from __future__ import annotations

from crm.automation.trigger_type import TriggerType


class Manual(TriggerType):
    """Starts only when a member of staff, or a program through the API, enrolls contacts."""

    kind = "manual"
    label = "Enrolled by hand"
    group = "By hand"
    icon = "hand-click"
