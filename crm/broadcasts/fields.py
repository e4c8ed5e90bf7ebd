"""What conditions may ask of broadcasts."""

from crm.broadcasts.models import PURPOSE, Broadcast
from crm.conditions.choice_types import Link
from crm.conditions.fields import Field, Relation
from crm.email.models import EmailMessage


def _messages(seen_at: object) -> Relation:
    """The messages of broadcasts a contact has with this moment."""
    where = (EmailMessage.purpose == PURPOSE, seen_at.is_not(None))
    return Relation(EmailMessage.contact_id, EmailMessage.parent_id, Broadcast, where=where)


FIELDS = (
    Field("got_broadcast", "Got broadcast", Link(), "Email", relation=_messages(EmailMessage.sent_at)),
    Field("opened_broadcast", "Opened broadcast", Link(), "Email", relation=_messages(EmailMessage.opened_at)),
    Field("clicked_broadcast", "Clicked in broadcast", Link(), "Email", relation=_messages(EmailMessage.clicked_at)),
)
