"""Tag the contact."""

from __future__ import annotations

from datetime import datetime

from wtforms import Form, SelectField
from wtforms.validators import InputRequired

from crm.automation.decisions import AddTag as AddTagEffect
from crm.automation.decisions import Decision, Next
from crm.automation.references import TAG, optional_id
from crm.automation.step_type import Config, StepType
from crm.automation.view import View


class AddTagForm(Form):
    tag_id = SelectField("Tag", [InputRequired("Choose a tag.")], coerce=optional_id, choices=TAG.choices)


class AddTag(StepType):
    """Puts a tag on the contact. Someone who wears it already keeps it, and nothing else happens."""

    kind = "add_tag"
    label = "Add a tag"
    group = "Segmentation"
    icon = "tag"
    references = {"tag_id": TAG}
    Form = AddTagForm

    def summary(self, config: Config) -> str:
        return f"Add the tag {TAG.name_of(config['tag_id'])}" if config.get("tag_id") else "Add a tag"

    def decide(self, view: View, config: Config, now: datetime) -> Decision:  # noqa: ARG002
        return Decision(Next(), "Tag added", (AddTagEffect(config["tag_id"]),))
