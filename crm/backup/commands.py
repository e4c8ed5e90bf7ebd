"""What `cohort backup`, `cohort restore` and `cohort hold` do."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from flask import current_app

from crm.activity.vocabulary import Actor
from crm.backup import losses, operations, shelf
from crm.backup.archive import BackupError, Manifest, read_manifest
from crm.database import commit
from crm.health import hold, waiting
from crm.lib import clock

COMMAND_LINE = Actor(name="Command line")


@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def back_up(file: Path) -> None:
    """Write data, secret and files to FILE while Cohort goes on running, and check the result."""
    if (live := shelf.live_path()) and not live.exists():
        raise click.ClickException(f"There are no data yet at {live}.")
    try:
        made = operations.back_up(file.resolve(), "command")
    except BackupError as problem:
        raise click.ClickException(str(problem)) from None
    contents = ", ".join(f"{operations.COUNTED[name].lower()}: {count:,}" for name, count in made.counts.items())
    click.echo(f"{file}: {file.stat().st_size / 1e6:,.1f} MB, checked. It holds {contents}.")


@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--yes", is_flag=True, help="Do not ask.")
def restore(file: Path, yes: bool) -> None:
    """Put the backup FILE in the place of all data. What it replaces is kept; sending starts on hold."""
    before = {each.name for each in shelf.kept()}
    try:
        manifest = read_manifest(file)
        if not yes:
            _ask(manifest)
        operations.restore(file.resolve(), COMMAND_LINE.name)
    except BackupError as problem:
        raise click.ClickException(str(problem)) from None
    click.echo(f"The data of {_local(manifest.moment)} are back.")
    for each in shelf.kept():
        if each.name not in before:
            click.echo(f"What they replaced is in {each.path}.")
    click.echo("Sending and workflows are on hold: decide on the health page, or with `cohort hold`.")
    click.echo("If web and worker run as separate services, restart both now.")


def _ask(manifest: Manifest) -> None:
    click.echo(f"A backup of {_local(manifest.moment)}, made by Cohort {manifest.version}.")
    for count, words in losses.since(manifest.moment):
        click.echo(f"  lost: {count:,} {words}")
    click.confirm("Everything since then is lost. Restore it?", abort=True)


@click.option("--go-on", is_flag=True, help="End the hold: everything that is due happens.")
@click.option(
    "--skip-before", metavar="MOMENT", help="Give up what was due before, such as 2026-11-24T08:00, then end the hold."
)
@click.option("--begin", "begins", is_flag=True, help="Hold everything back from now on.")
def decide(go_on: bool, skip_before: str | None, begins: bool) -> None:
    """Say what a hold keeps back, or end it."""
    found = hold.current()
    if begins:
        found = hold.begin("asked", clock.now(), COMMAND_LINE.name)
        commit()
    if found is None:
        click.echo("Nothing is on hold.")
        return
    click.echo(f"{found.cause_label}. On hold since {_local(found.begun_at)}; late since {_local(found.since)}.")
    for queue in waiting.queues(clock.now(), held_only=True):
        click.echo(f"  {queue.words}" + (f", the oldest due {_local(queue.oldest)}" if queue.oldest else ""))
    if go_on:
        hold.go_on(found, COMMAND_LINE)
    elif skip_before:
        counts = hold.skip(found, _moment(skip_before), COMMAND_LINE, commit)
        click.echo(f"Given up: {', '.join(f'{count:,} {key}' for key, count in counts.items()) or 'nothing'}.")
    commit()
    click.echo("The hold has ended." if go_on or skip_before else "Use --go-on or --skip-before to end it.")


def _moment(text: str) -> datetime:
    try:
        return clock.moment(text, current_app.config["TIMEZONE"])
    except ValueError:
        raise click.ClickException(f"“{text}” is no moment; write one such as 2026-11-24T08:00.") from None


def _local(moment: datetime) -> str:
    there = clock.local(moment, current_app.config["TIMEZONE"])
    return f"{there:%-d %b %Y, %H:%M} {there.tzname()}"
