"""Cohort: CRM and marketing automation for a school."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

from crm import config, database, errors, queue, security
from crm.config import ROOT

# Looking for circular garbage after every 700 new objects, as is usual, takes a quarter of the start and a tenth of an import.
gc.set_threshold(50_000, 20, 20)


def create_app(instance: Path | None = None, **overrides: Any) -> Flask:
    """The application, ready to serve or to work. Raises config.ConfigError when a setting cannot be used."""
    app = Flask(__name__, template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    _configure(app, instance, overrides)
    database.init_app(app)
    Migrate(app, database.db, directory=str(ROOT / "migrations"), render_as_batch=True)
    errors.init_app(app)
    security.init_app(app)
    _wire(app)
    _believe_proxies(app)
    return app


def _configure(app: Flask, instance: Path | None, overrides: dict[str, Any]) -> None:
    app.config.update(config.load(instance))
    app.config.update(
        MAX_CONTENT_LENGTH=64 * 1024 * 1024,
        MAX_FORM_PARTS=5000,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    app.config.update(overrides)
    public = urlsplit(app.config["PUBLIC_URL"])
    app.config["SESSION_COOKIE_SECURE"] = public.scheme == "https"
    app.config.setdefault("TRUSTED_HOSTS", [public.hostname, "127.0.0.1", "localhost", "[::1]"])


def _believe_proxies(app: Flask) -> None:
    """Around everything else that answers, so that all see the caller's own address."""
    if proxies := app.config["TRUSTED_PROXIES"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=0)  # type: ignore[method-assign]


def _wire(app: Flask) -> None:
    """Everything that belongs to a feature, from the map."""
    from crm import audited, schedule, wiring
    from crm.audit import tracking
    from crm.backup.uploads import accept_large
    from crm.lib import html, limits, routing, static_files
    from crm.settings import overlay
    from crm.setup.routes import lead_here
    from crm.users import access, sessions

    routing.init_app(app)
    html.init_app(app)
    overlay.init_app(app)
    tracking.init_app(app, audited.AUDITED)
    static_files.init_app(app)
    sessions.init_app(app)
    app.before_request(lead_here)
    app.before_request(access.guard)
    app.before_request(accept_large)
    security.FormProtection(app)
    limits.init_app(app)
    for blueprint in wiring.BLUEPRINTS:
        app.register_blueprint(blueprint)
    _offer(app, wiring)
    queue.init_app(app, wiring.JOB_MODULES, schedule.CLOCK)
    app.context_processor(wiring.page_context)


def _offer(app: Flask, wiring: Any) -> None:
    """What the map lists, where those below it find it."""
    app.extensions["listeners"] = wiring.LISTENERS
    app.extensions["contact_panels"] = wiring.CONTACT_PANELS
    app.extensions["account_panels"] = wiring.ACCOUNT_PANELS
    app.extensions["home_panels"] = wiring.HOME_PANELS
    app.extensions["upcoming"] = wiring.UPCOMING
    app.extensions["composers"] = wiring.COMPOSERS
    app.extensions["contact_filters"] = wiring.CONTACT_FILTERS
    app.extensions["contact_columns"] = wiring.CONTACT_COLUMNS
    app.extensions["contact_bulk_actions"] = wiring.CONTACT_BULK_ACTIONS
    app.extensions["where_used"] = wiring.WHERE_USED
    app.extensions["mentioning"] = wiring.MENTIONING
    app.extensions["subject_pages"] = wiring.SUBJECT_PAGES
    app.extensions["condition_fields"] = {field.key: field for field in wiring.CONDITION_FIELDS}
    app.extensions["more_condition_fields"] = wiring.MORE_CONDITION_FIELDS
    app.extensions["places"] = wiring.places_of
    app.extensions["actions"] = wiring.actions_of
    app.extensions["finders"] = wiring.FINDERS
    app.extensions["waiting"] = wiring.WAITING
    app.extensions["health_checks"] = wiring.HEALTH_CHECKS
    app.extensions["prunes"] = wiring.PRUNES
