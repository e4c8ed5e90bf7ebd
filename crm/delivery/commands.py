"""What `cohort dkim` does."""

from __future__ import annotations

import click

from crm.delivery import dkim


@click.argument("domain")
@click.option("--algorithm", type=click.Choice(list(dkim.ALGORITHMS)), default="rsa", show_default=True)
@click.option("--on/--off", "is_on", default=None, help="Sign the mail of this domain, or no more.")
def sign(domain: str, algorithm: str, is_on: bool | None) -> None:
    """Make a key for signing mail of DOMAIN, and say what belongs into its DNS."""
    try:
        dkim.make_key(domain, algorithm)
    except ValueError as problem:
        raise click.ClickException(f"{problem}.") from None
    for key in dkim.keys_of(domain):
        click.echo("{}  TXT  {}".format(*dkim.dns_record(key)))
    if is_on is not None:
        (dkim.turn_on if is_on else dkim.turn_off)(domain)
    state = "is signed" if dkim.is_on(domain) else "is not signed; once the DNS has the record, add --on"
    click.echo(f"Mail of {domain} {state}.")
