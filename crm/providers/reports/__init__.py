"""The carriers that report by webhook, in the order people see them."""

from __future__ import annotations

from crm.providers.mail_reports import Reporter
from crm.providers.reports.brevo import Brevo
from crm.providers.reports.generic import Generic
from crm.providers.reports.mailgun import Mailgun
from crm.providers.reports.postmark import Postmark
from crm.providers.reports.sendgrid import SendGrid
from crm.providers.reports.ses import Ses

REPORTERS: dict[str, Reporter] = {
    each.key: each for each in (Ses(), SendGrid(), Mailgun(), Postmark(), Brevo(), Generic())
}
