"""What the school looks like to the world: its logo and its colour, for public pages and email."""

from __future__ import annotations

import hashlib
from pathlib import Path

from flask import Blueprint, Response, abort, current_app, send_file

from crm.lib.pictures import KINDS, check_picture
from crm.lib.setting_values import contrast
from crm.settings import operations
from crm.users.access import public

bp = Blueprint("brand", __name__)
LARGEST_LOGO = 300_000
DARK_PAGE = "#17181c"
YEAR = 31_536_000


def set_logo(data: bytes) -> None:
    """Make this picture the logo. Raises ValueError, in words, for what is no picture a page can show."""
    kind = check_picture(data, LARGEST_LOGO)
    name = f"logo-{hashlib.sha256(data).hexdigest()[:16]}.{kind}"
    path = _folder() / name
    part = path.with_suffix(".part")
    part.write_bytes(data)
    part.replace(path)
    operations.save(LOGO=name)


def remove_logo() -> None:
    """Show the product's mark again. The file stays for emails that were sent with it."""
    operations.save(LOGO="")


@bp.get("/logo/<name>")
@public()
def logo(name: str) -> Response:
    """A logo by its name: present and past ones, for they stand in emails."""
    kind = name.rpartition(".")[2]
    path = _folder() / name
    if not name.startswith("logo-") or kind not in KINDS or path.parent != _folder() or not path.is_file():
        abort(404)
    reply = send_file(path, mimetype=KINDS[kind], max_age=YEAR)
    reply.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    reply.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return reply


@bp.get("/school.css")
@public()
def style() -> Response:
    """The school's colour as the tokens of public pages, readable in both themes."""
    accent = current_app.config["ACCENT_COLOUR"]
    words = ""
    if accent:
        light = _readable_on_dark(accent)
        words = (
            f":root{{--accent:light-dark({accent},{light});--accent-fill:{accent};"
            f"--accent-fill-hover:color-mix(in srgb,{accent} 85%,#000)}}"
        )
    headers = {"Cache-Control": "public, max-age=86400"}
    return Response(words, mimetype="text/css", headers=headers)


def _readable_on_dark(colour: str) -> str:
    """The colour, mixed with white until text in it can be read on the dark page."""
    parts = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    for share in range(0, 101, 5):
        mixed = "#" + "".join(f"{round(each + (255 - each) * share / 100):02x}" for each in parts)
        if contrast(mixed, DARK_PAGE) >= 4.5:
            return mixed
    return "#ffffff"


def _folder() -> Path:
    path = Path(current_app.config["INSTANCE_PATH"]) / "files"
    path.mkdir(mode=0o700, exist_ok=True)
    return path
