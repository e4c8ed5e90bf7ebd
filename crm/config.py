"""Every setting: its default, how it is read, and one line of why.

Settings come from the environment, then `.env`, then `instance/config.toml`, then the default, first found wins.
"""

from __future__ import annotations

import base64
import os
import secrets
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dotenv import dotenv_values

from crm.lib.clock import is_zone
from crm.lib.imap_url import MailboxAddress
from crm.lib.setting_values import (
    clock_time,
    colour,
    currency,
    date_style,
    days,
    file_name,
    number,
    web_address,
)
from crm.lib.smtp_url import Server

LISTENS_AT = "COHORT_LISTENS_AT"
"""Set by `serve` and `web` for the processes they start: the address to assume when no PUBLIC_URL is set."""
ROOT = Path(__file__).resolve().parent.parent


class ConfigError(Exception):
    """A setting that cannot be used; the text names it, what is wrong and what would do."""


def _text(value: str) -> str:
    return value.strip()


def _zone(value: str) -> str:
    if not is_zone(value):
        raise ValueError(f"“{value}” is no time zone; write one such as Europe/Berlin or UTC")
    return value


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"“{value}” is no web address; write one such as https://crm.example.org")
    return value.rstrip("/")


def _database(value: str) -> str:
    for short in ("postgres://", "postgresql://"):
        if value.startswith(short):
            return "postgresql+psycopg://" + value.removeprefix(short)
    if not value.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValueError("it must start with sqlite:/// or postgresql://")
    return value


def _redis(value: str) -> str:
    if value and not value.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("it must start with redis://, rediss:// or unix://")
    return value


def _smtp(value: str) -> str:
    if value:
        Server.of_url(value)
    return value


def _count(value: str) -> int:
    if not value.isdecimal():
        raise ValueError(f"“{value}” is no number; write one such as 0")
    return int(value)


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise ValueError(f"“{value}” is no day; write one such as 2026-09-01") from None


def _sender(value: str) -> str:
    local, at, host = parseaddr(value)[1].rpartition("@")
    if not local or not at or not host:
        raise ValueError(f"“{value}” holds no address; write it as School <office@school.example>")
    return value.strip()


def _level(value: str) -> str:
    if value.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise ValueError(f"“{value}” is no log level; write DEBUG, INFO, WARNING or ERROR")
    return value.upper()


def _synchronous(value: str) -> str:
    if value.upper() not in {"NORMAL", "FULL"}:
        raise ValueError(f"“{value}” is neither NORMAL nor FULL")
    return value.upper()


def _secret(value: str) -> str:
    if value and len(value) < 32:
        raise ValueError("it needs at least 32 characters; leave it out to have one made")
    return value


def _key(value: str) -> str:
    if value and len(value) < 12:
        raise ValueError("it needs at least 12 characters")
    return value


def _topics(value: str) -> str:
    if not all(each.startswith("arn:aws") and each.count(":") == 5 for each in value.split()):
        raise ValueError("write the ARNs of topics, spaced, such as arn:aws:sns:eu-west-1:123456789012:bounces")
    return value


def _public_key(value: str) -> str:
    try:
        base64.b64decode(value, validate=True)
    except ValueError:
        raise ValueError("write the verification key as SendGrid shows it, in one line") from None
    return value.strip()


def _imap(value: str) -> str:
    if value:
        MailboxAddress.of_url(value)
    return value


@dataclass(frozen=True)
class Setting:
    """One setting. `read` turns its text into the value, or raises ValueError in words for the person who set it."""

    name: str
    default: str
    read: Callable[[str], Any]
    why: str


SETTINGS = (
    Setting("DATABASE_URL", "", lambda v: _database(v) if v else "", "where the data lives; empty: instance/crm.db"),
    Setting("REDIS_URL", "", _redis, "a Redis for the queue; empty: instance/queue.db"),
    Setting("SECRET_KEY", "", _secret, "signs cookies and links; empty: made once and kept in instance/secret"),
    Setting("SECRET_KEY_FALLBACKS", "", str.split, "older keys, spaced, whose links stay valid"),
    Setting("PUBLIC_URL", "http://127.0.0.1:8000", _http_url, "the address people and mail links use"),
    Setting("SMTP_URL", "", _smtp, "carries email; empty: messages land in the built-in outbox"),
    Setting("SMTP_CONNECTIONS", "4", number(1, 50), "how many connections carry email at once"),
    Setting("MAIL_PER_DAY", "0", number(0, 100_000_000), "how many emails go out in a day at most; 0: any number"),
    Setting(
        "MAIL_PER_DOMAIN",
        "0",
        number(0, 100_000_000),
        "how many emails a minute go to one recipients' domain; 0: any number",
    ),
    Setting("MAIL_WARMUP_START", "", _day, "the first day of warming up a new sender, such as 2026-09-01; empty: none"),
    Setting("MAIL_WARMUP_FIRST", "50", number(0, 100_000_000), "how many emails go out on the first day of warming up"),
    Setting("MAIL_WARMUP_GROWTH", "30", number(0, 1000), "by how many percent more on each day after it"),
    Setting("MAIL_FROM", "School <school@localhost>", _sender, "the sender of email"),
    Setting("MAIL_ADDRESS", "", _text, "the school's postal address, shown at the foot of every email"),
    Setting("SCHOOL_NAME", "Cohort", _text, "the name on pages and in email"),
    Setting("TIMEZONE", "UTC", _zone, "the school's clock"),
    Setting("QUIET_HOURS_START", "", clock_time, "from when marketing and reminders wait, such as 21:00; empty: never"),
    Setting("QUIET_HOURS_END", "", clock_time, "until when they wait, such as 08:00"),
    Setting("MARKETING_CAP", "0", number(0, 1000), "how many marketing messages a contact gets at most; 0: no limit"),
    Setting("MARKETING_CAP_DAYS", "7", number(0, 1000), "within how many days"),
    Setting(
        "TRUSTED_PROXIES", "0", _count, "how many proxies in front set X-Forwarded-For; 0: the header is not believed"
    ),
    Setting(
        "SQLITE_SYNCHRONOUS", "NORMAL", _synchronous, "FULL makes each commit survive a loss of power, and wait for it"
    ),
    Setting(
        "TRACKING_BUFFER", "50", _count, "milliseconds an open may wait to be written with others; 0: written at once"
    ),
    Setting("EMAIL_WEBHOOK_SES_TOPICS", "", _topics, "ARNs of the SNS topics whose reports of Amazon SES are taken"),
    Setting(
        "EMAIL_WEBHOOK_SES_CERTIFICATES",
        "",
        lambda v: _http_url(v) if v else "",
        "where SNS keeps its certificates, for tests",
    ),
    Setting("EMAIL_WEBHOOK_SENDGRID_SECRET", "", _public_key, "SendGrid's verification key; opens its webhook"),
    Setting("EMAIL_WEBHOOK_MAILGUN_SECRET", "", _key, "Mailgun's webhook signing key; opens its webhook"),
    Setting("EMAIL_WEBHOOK_POSTMARK_SECRET", "", _key, "user:password that Postmark sends; opens its webhook"),
    Setting("EMAIL_WEBHOOK_BREVO_SECRET", "", _key, "the token (or user:password) that Brevo sends; opens its webhook"),
    Setting("EMAIL_WEBHOOK_GENERIC_SECRET", "", _key, "signs reports in Cohort's own form; opens their webhook"),
    Setting("IMAP_URL", "", _imap, "a mailbox read for bounces and replies"),
    Setting("DNS_SERVER", "", _text, "the DNS server asked about sending domains; empty: the machine's own"),
    Setting(
        "REVENUE_WINDOW_DAYS", "7", number(0, 365), "for how many days after a click an order is put down to the email"
    ),
    Setting("LOG_LEVEL", "INFO", _level, "how much the log says"),
    Setting("WEBSITE", "", web_address, "the school's website, linked from public pages and email"),
    Setting("LOGO", "", file_name, "the school's logo, a file in instance/files; set on the page"),
    Setting("ACCENT_COLOUR", "", colour, "the school's colour on public pages; empty: the product's"),
    Setting("CURRENCY", "EUR", currency, "the money the school counts in"),
    Setting("DATE_STYLE", "day", date_style, "how days are written: day (7 Mar 2027), month (Mar 7, 2027) or iso"),
    Setting("TRACES_KEPT_DAYS", "90", days, "how long addresses and devices of opens and clicks are kept; 0: for good"),
    Setting("SIGN_INS_KEPT_DAYS", "180", days, "how long it is kept who signed in from where"),
    Setting("AUDIT_KEPT_DAYS", "730", days, "how long it is kept who changed what"),
    Setting("DELETED_KEPT_DAYS", "30", days, "how long deleted contacts can be brought back"),
    Setting("EXPORTS_KEPT_DAYS", "7", days, "how long exported files wait to be fetched"),
    Setting("BACKUP_KEEP", "7", number(0, 365), "how many nightly backups are kept; 0: none is made"),
    Setting(
        "HOLD_AFTER_HOURS",
        "24",
        number(0, 8760),
        "a worker silent for longer asks before it sends what is late; 0: never",
    ),
)


def load(instance: Path | None = None, environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """All settings, checked. Makes the instance folder and the secret when they are missing. Raises ConfigError."""
    environ = os.environ if environ is None else environ
    instance = Path(instance or environ.get("INSTANCE_PATH") or ROOT / "instance").resolve()
    _make_private_folder(instance)
    found = {"PUBLIC_URL": environ.get(LISTENS_AT, ""), **_config_toml(instance), **_dotenv(), **environ}
    values = {setting.name: _read(setting, found) for setting in SETTINGS}
    values["INSTANCE_PATH"] = instance
    values["SECRET_IS_KEPT"] = not values["SECRET_KEY"]
    values["SECRET_KEY"] = values["SECRET_KEY"] or _kept_secret(instance / "secret")
    values["DATABASE_URL"] = values["DATABASE_URL"] or f"sqlite:///{instance / 'crm.db'}"
    return values


def _read(setting: Setting, found: Mapping[str, str]) -> Any:
    try:
        return setting.read(str(found.get(setting.name) or setting.default))
    except ValueError as error:
        raise ConfigError(f"{setting.name}: {error}.") from None


def _config_toml(instance: Path) -> dict[str, Any]:
    path = instance / "config.toml"
    try:
        return tomllib.loads(path.read_text()) if path.exists() else {}
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path.name}: {error}.") from None


def _dotenv() -> dict[str, str]:
    return {key: value for key, value in dotenv_values(ROOT / ".env").items() if value is not None}


def _make_private_folder(path: Path) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"INSTANCE_PATH: {path} cannot be used ({error.strerror}).") from None


def _kept_secret(path: Path) -> str:
    """The secret in `path`, made there with mode 0600 the first time; two processes starting at once agree on one."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    except OSError as error:
        raise ConfigError(f"INSTANCE_PATH: {path.parent} cannot be written ({error.strerror}).") from None
    secret = path.read_text().strip()
    if len(secret) < 32:
        raise ConfigError(f"SECRET_KEY: {path.name} in the instance folder is damaged; restore it from a backup.")
    return secret
