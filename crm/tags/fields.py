"""What conditions may ask of tags."""

from crm.conditions.choice_types import Link
from crm.conditions.fields import Field, Relation
from crm.tags.models import Tag, Tagging

FIELDS = (Field("tags", "Tag", Link(), "Tags", relation=Relation(Tagging.contact_id, Tagging.tag_id, Tag)),)
