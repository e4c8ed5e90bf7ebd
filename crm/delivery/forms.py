"""Forms of the suppression list and of sending."""

from __future__ import annotations

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, DateField, IntegerField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from crm.delivery.senders import sender_for, senders
from crm.delivery.suppressing import check_address
from crm.lib.form_checks import Passes, choices, say, trimmed


def sender_choices() -> list[SelectChoice]:
    """The senders to choose from, the default one first."""
    made = [(str(each.id), f"{each.name} <{each.address}>") for each in senders()]
    return choices(made or [("", f"{sender_for().name} <{sender_for().address}>")])


class SuppressForm(FlaskForm):
    """An address nothing is to be sent to."""

    address = StringField("Email address", [Passes(check_address), Length(max=255)], filters=[trimmed])
    reason = StringField(
        "Why", [Optional(), Length(max=255)], filters=[trimmed], description="For those who wonder later."
    )


class SuppressFileForm(FlaskForm):
    """Many of them, from elsewhere."""

    file = FileField(
        "CSV file",
        [FileRequired("Choose a file.")],
        description="A column of email addresses, and a column “reason” if you have one; up to 200,000 lines.",
        render_kw={"accept": ".csv,.tsv,.txt,text/csv"},
    )


class ReleaseForm(FlaskForm):
    """Writing to an address again."""

    why = StringField(
        "Why may it be written to again?", [InputRequired("Say why."), Length(max=255)], filters=[trimmed]
    )
    is_sure = BooleanField("They asked for our emails again themselves")


def _check_sender(address: str) -> None:
    check_address(address)
    if not address.isascii():
        raise ValueError("A sender's address has plain letters only.")


class SenderForm(FlaskForm):
    """Whom email is from."""

    name = StringField("Name", [InputRequired("Give the sender a name."), Length(max=120)], filters=[trimmed])
    address = StringField("Address", [Passes(_check_sender), Length(max=255)], filters=[trimmed])
    reply_to = StringField(
        "Answers go to",
        [Optional(), Length(max=255)],
        filters=[trimmed],
        description="Only if elsewhere than to the address.",
    )
    is_default = BooleanField("Use it unless another one is chosen")

    def validate_reply_to(self, field: StringField) -> None:
        """An address, if there is one."""
        if field.data:
            say(check_address, field.data)


class TestForm(FlaskForm):
    """Where to send a test, and whom from."""

    sender_id = SelectField("From", choices=sender_choices)
    address = StringField("To", [Passes(_check_sender), Length(max=255)], filters=[trimmed])


def _number(label: str, least: int, most: int, description: str) -> IntegerField:
    words = f"Write a whole number between {least:,} and {most:,}."
    return IntegerField(label, [InputRequired(words), NumberRange(least, most, words)], description=description)


class LimitsForm(FlaskForm):
    """How much goes out."""

    mail_per_day = _number(
        "Emails in a day at most", 0, 100_000_000,
        "What your provider allows you. The rest of a broadcast goes the next day. 0 is any number.",
    )  # fmt: skip
    mail_per_domain = _number(
        "Emails a minute to one domain", 0, 100_000_000,
        "Spares gmail.com or your town’s provider a flood they would refuse. 0 is any number.",
    )  # fmt: skip
    mail_warmup_start = DateField(
        "Warm up since", [Optional()],
        description="The first day of a new domain or provider: mailboxes trust it step by step. Empty: no warming up.",
    )  # fmt: skip
    mail_warmup_first = _number("On the first day", 1, 1_000_000, "50 is careful; a known domain may begin with more.")
    mail_warmup_growth = _number(
        "More each day, in percent", 0, 1_000, "30 comes from 50 to 10,000 a day in three weeks."
    )
    smtp_connections = _number(
        "Connections at once", 1, 50, "More is quicker, as far as your provider allows. 4 suits most."
    )
