"""What conditions may ask of email."""

from crm.conditions.choice_types import Link
from crm.conditions.count_type import Count
from crm.conditions.date_types import Moment
from crm.conditions.fields import Field, Relation
from crm.contacts.models import Contact
from crm.email.models import EmailMessage, EmailTemplate


def _messages(seen_at: object) -> Relation:
    """The messages a contact has with this moment, and their templates."""
    return Relation(EmailMessage.contact_id, EmailMessage.template_id, EmailTemplate, where=(seen_at.is_not(None),))


FIELDS = (
    Field("last_email_sent", "Last email sent", Moment(), "Email", Contact.last_email_sent_at),
    Field("last_email_opened", "Last email opened", Moment(), "Email", Contact.last_email_opened_at),
    Field("last_email_clicked", "Last email clicked", Moment(), "Email", Contact.last_email_clicked_at),
    Field("emails_sent", "Emails sent", Count(), "Email", relation=_messages(EmailMessage.sent_at)),
    Field("emails_opened", "Emails opened", Count(), "Email", relation=_messages(EmailMessage.opened_at)),
    Field("emails_clicked", "Emails clicked", Count(), "Email", relation=_messages(EmailMessage.clicked_at)),
    Field("opened_template", "Opened email", Link(), "Email", relation=_messages(EmailMessage.opened_at)),
    Field("clicked_template", "Clicked email", Link(), "Email", relation=_messages(EmailMessage.clicked_at)),
)
