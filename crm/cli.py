"""The `cohort` command."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from functools import partial, wraps
from pathlib import Path
from typing import Any

import click
from flask import Flask, current_app
from sqlalchemy.exc import OperationalError

from bench import BENCHES, figures_of
from crm import create_app, processes, schema
from crm.activity.vocabulary import Actor
from crm.backup import commands as backups
from crm.backup.operations import RESTORED
from crm.config import LISTENS_AT, ConfigError
from crm.database import commit
from crm.delivery import commands as delivery_commands
from crm.demo.school import AlreadyThere, load_school
from crm.exports.models import FORMATS
from crm.exports.runs import write_all
from crm.health import checks
from crm.imports import runs
from crm.imports.queries import reasons, rows_of
from crm.lib.csv_files import CsvError
from crm.privacy.operations import erase_address
from crm.privacy.wiping import wipe
from crm.setup import operations as first_start
from crm.tags.operations import Refused as TagRefused
from crm.users import operations as users
from crm.users import queries as people
from crm.users.models import User


def main() -> None:
    """Run the command; what is wrong with set-up or database is said in one line."""
    os.umask(0o077)
    try:
        cli(standalone_mode=True)
    except (ConfigError, schema.SchemaError, OperationalError) as error:
        sys.exit(f"cohort: {getattr(error, 'orig', error)}")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cohort", prog_name="cohort")
def cli() -> None:
    """Cohort: the CRM and marketing automation a school runs itself."""


def in_app(function: Callable[..., Any], *, migrates: bool = True) -> Callable[..., Any]:
    """Give the command an app and its context. Its database is brought up to date, or left as it is, even a damaged one."""

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        app = make_app()
        if migrates:
            schema.upgrade(app)
        with app.app_context():
            return function(*args, **kwargs)

    return run


def make_app() -> Flask:
    """The app, with its log on standard error."""
    app = create_app()
    logging.basicConfig(level=app.config["LOG_LEVEL"], format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("huey").setLevel(max(logging.WARNING, logging.getLogger().level))
    return app


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
def serve(host: str, port: int) -> None:
    """Run the web server and the worker together."""
    os.environ[LISTENS_AT] = f"http://{host}:{port}"
    app = make_app()
    schema.upgrade(app)
    welcome(app)
    commands = {"web": ["web", "--host", host, "--port", str(port), "--quiet"], "worker": ["worker"]}
    sys.exit(processes.together(commands, anew=app.config["INSTANCE_PATH"] / RESTORED))


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--quiet", is_flag=True, hidden=True)
def web(host: str, port: int, quiet: bool) -> None:
    """Run the web server alone."""
    os.environ.setdefault(LISTENS_AT, f"http://{host}:{port}")
    app = make_app()
    schema.upgrade(app)
    if not quiet:
        welcome(app)
    processes.web(host, port)


@cli.command()
def worker() -> None:
    """Run the worker alone."""
    app = make_app()
    schema.upgrade(app)
    processes.worker(app)


@cli.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    done = schema.upgrade(make_app())
    click.echo("The database was brought up to date." if done else "The database is up to date.")


def welcome(app: Flask) -> None:
    """Say where to go, and the setup code while there is nobody to sign in."""
    click.echo(f"Cohort is at {app.config['PUBLIC_URL']}")
    with app.app_context():
        code = first_start.code()
    if code:
        click.echo(f"Nobody has an account yet. Open {app.config['PUBLIC_URL']}/setup with the code {code}")


@cli.group()
def user() -> None:
    """People who sign in."""


@user.command("add")
@click.argument("email")
@click.option("--role", required=True, help="crm_admin, crm_manager, crm_agent or crm_viewer")
@click.option("--name", default=None)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@in_app
def user_add(email: str, role: str, name: str | None, password_stdin: bool) -> None:
    """Add an account for EMAIL."""
    password = (
        sys.stdin.readline().rstrip("\n")
        if password_stdin
        else click.prompt("Password", hide_input=True, confirmation_prompt=True)
    )
    name = name or email.split("@")[0]
    try:
        users.check_new_user(email, name, role, password)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    users.create_user(email, name, role, password, current_app.config["TIMEZONE"])
    commit()
    click.echo(f"{email} can sign in.")


@cli.group()
def token() -> None:
    """Keys for programs."""


@token.command("add")
@click.argument("email")
@click.option("--name", default="command line", show_default=True)
@in_app
def token_add(email: str, name: str) -> None:
    """Make an API token for the account EMAIL and print it once."""
    owner = people.user_by_email(email)
    if owner is None:
        raise click.ClickException(f"Nobody has the address {email}.")
    click.echo(users.add_token(owner, name))
    commit()


@cli.group("import")
def import_() -> None:
    """Bring data in."""


@import_.command("contacts")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--map", "pairs", multiple=True, metavar="COLUMN=FIELD", help="What a column means; no field leaves it out."
)
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
@click.option("--tag", "tags", multiple=True, help="A tag for everyone in the file.")
@in_app
def import_contacts(file: Path, pairs: tuple[str, ...], dry_run: bool, tags: tuple[str, ...]) -> None:
    """Import contacts from the CSV file FILE."""
    columns = {column: field for column, _, field in (each.rpartition("=") for each in pairs)}
    try:
        with click.progressbar(length=1, label=file.name) as bar:
            done = runs.import_file(file, columns, tags=tags, is_dry_run=dry_run, progress=partial(_follow, bar))
    except (CsvError, runs.operations.Refused, TagRefused, OSError) as problem:
        raise click.ClickException(str(problem)) from None
    for outcome in ("refused", "skipped"):
        for row in rows_of(done, outcome, limit=1000):
            click.echo(f"line {row.line}: {reasons(row.problems)}", err=True)
    click.echo(", ".join(f"{label}: {count:,}" for _, label, count in done.counts))


@cli.group("export")
def export() -> None:
    """Take data along."""


@export.command("contacts")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--as", "email", metavar="EMAIL", help="As this account sees them; otherwise everybody, as an administrator does."
)
@in_app
def export_contacts(file: Path, email: str | None) -> None:
    """Write all contacts to FILE, a .csv or .xlsx."""
    file_format = file.suffix.lower().removeprefix(".")
    if file_format not in FORMATS:
        raise click.ClickException("Name a file that ends in .csv or .xlsx.")
    try:
        count = write_all(file, file_format, _viewer(email))
    except OSError as problem:
        raise click.ClickException(str(problem)) from None
    click.echo(f"{count:,} contacts were written to {file}.")


def _viewer(email: str | None) -> User:
    if email is None:
        return User(name="Command line", role="crm_admin", timezone=current_app.config["TIMEZONE"])
    viewer = people.user_by_email(email)
    if viewer is None or not viewer.can("crm.contacts.export"):
        raise click.ClickException(f"There is no account {email} that may export contacts.")
    return viewer


def _follow(bar: Any, done: int, total: int) -> None:
    bar.length = max(total, done, 1)
    bar.update(done - bar.pos)


@cli.command()
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask.")
@in_app
def erase(email: str, yes: bool) -> None:
    """Forget the person with the address EMAIL for good, on their request."""
    if not yes:
        click.confirm(f"Forget {email} for good?", abort=True)
    found = erase_address(email, Actor(name="Command line"))
    commit()
    wipe()
    if found is None:
        raise click.ClickException(f"Nothing is known of {email}.")
    click.echo(f"{email} was erased. Nothing is sent to the address any more.")


@cli.command()
@click.option("--contacts", default=1_000, show_default=True, help="How many people the school knows.")
@click.option("--seed", default=1, show_default=True, help="Another seed, another school.")
@in_app
def demo(contacts: int, seed: int) -> None:
    """Fill an empty school with contacts and two years of history."""
    with click.progressbar(length=contacts * 2, label=f"{contacts:,} contacts") as bar:
        try:
            load_school(contacts, seed, progress=bar.update)
        except AlreadyThere as problem:
            raise click.ClickException(str(problem)) from None


cli.command("backup")(in_app(backups.back_up, migrates=False))
cli.command("restore")(in_app(backups.restore, migrates=False))
cli.command("hold")(in_app(backups.decide))


@cli.command()
@click.argument("name", required=False, type=click.Choice(list(BENCHES)))
@click.option("--json", "as_json", is_flag=True, help="One line of JSON per figure.")
def bench(name: str | None, as_json: bool) -> None:
    """Measure the product on this machine, each figure beside a bare yardstick of the same run."""
    for each in [name] if name else BENCHES:
        for figure in figures_of(each):
            click.echo(figure.as_json() if as_json else figure.as_text())


@cli.command()
@in_app
def doctor() -> None:
    """Check configuration, database, mail and worker; exit 1 with the reason when something is wrong."""
    findings = checks.run_all()
    for finding in findings:
        click.echo(
            f"{'ok   ' if finding.is_well else 'WRONG'} {finding.subject}: {finding.text} {finding.advice}".rstrip()
        )
    sys.exit(0 if all(each.is_well for each in findings) else 1)


cli.command("dkim")(in_app(delivery_commands.sign))

if __name__ == "__main__":
    main()
