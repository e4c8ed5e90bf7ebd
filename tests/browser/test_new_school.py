"""A school's first hour, in a real browser against the real processes and a real mail server.

Set up, import, build and activate the welcome workflow, receive the mail, open it, click it, and see everything follow.
"""

from __future__ import annotations

import email
import email.policy
import random
import re
import urllib.request
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.processes import serving, wait_until
from tests.providers.mail_server import MailServer

FIRST = ("José", "Zoë", "Łukasz", "Anaïs", "Jürgen", "Åse", "Nguyễn", "Chloé", "Maria", "Ömer")
LAST = ("García", "Müller", "Wiśniewska", "O’Brien", "Dubois", "Håkansson", "Thị Linh", "De la Cruz", "Smith", "Yılmaz")
READER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
GOOD, TWICE, NOT_AN_ADDRESS, WITHOUT_ANYTHING = 190, 4, 4, 2
WITHOUT_ADDRESS = 12


def contacts_file(path: Path) -> Path:
    """200 rows as a school has them: accents, missing emails, the same person twice, addresses that are none, an empty person."""
    chance = random.Random(4)
    rows = []
    for number in range(GOOD):
        address = "" if number % 16 == 5 else f"Person{number}@Example.com"
        rows.append(
            [chance.choice(FIRST), chance.choice(LAST), address, f"0151 {12345000 + number}", "Köln", "Germany"]
        )
    rows += [[*row[:2], row[2].upper(), *row[3:]] for row in rows[:TWICE]]
    rows += [["Bad", f"Address{number}", "not an address", "", "", ""] for number in range(NOT_AN_ADDRESS)]
    rows += [["", "", "", "", "Bonn", "Germany"]] * WITHOUT_ANYTHING
    lines = ["First name;Last name;E-mail;Phone;City;Country"] + [";".join(row) for row in rows]
    path.write_text("\r\n".join(lines), encoding="utf-8-sig")
    return path


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture
def school(instance: Path, mail: MailServer) -> Iterator[str]:
    settings = {"MAIL_FROM": "Riverside <hello@riverside.example>", "MAIL_ADDRESS": "1 River Road, Bath"}
    with serving(instance, SMTP_URL=mail.url, **settings) as address:
        yield address


def test_the_first_hour(school: str, instance: Path, mail: MailServer, page: Page, tmp_path: Path) -> None:
    page.set_default_timeout(15_000)
    expect.set_options(timeout=20_000)
    set_up(page, school, (instance / "setup-code").read_text())
    import_contacts(page, contacts_file(tmp_path / "contacts.csv"))
    make_tag(page, school)
    build_workflow(page, school)
    activate(page)
    wait_until(lambda: len(mail.messages) >= GOOD - WITHOUT_ADDRESS, 60)
    message = message_to(mail, "person0@example.com")
    read_and_click(message)
    see_what_followed(page, school)
    assert len({recipient for _, recipient, _ in mail.messages}) == len(mail.messages) == GOOD - WITHOUT_ADDRESS


def set_up(page: Page, school: str, code: str) -> None:
    page.goto(school)
    expect(page).to_have_url(re.compile("/setup$"))
    page.get_by_label("Setup code").fill("WRONG-CODE-HERE")
    page.get_by_label("Your name").fill("Ada Lovelace")
    page.get_by_label("Your email").fill("ada@riverside.example")
    fill_passwords(page)
    page.get_by_label("School name").fill("Riverside Languages")
    page.get_by_role("button", name="Set up").click()
    expect(page.locator("main .error").first).to_be_visible()
    page.get_by_label("Setup code").fill(code)
    fill_passwords(page)
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_role("heading", name="Riverside Languages is ready")).to_be_visible()


def fill_passwords(page: Page) -> None:
    page.get_by_label("Password", exact=True).fill("a long enough password")
    page.get_by_label("Password again").fill("a long enough password")


def import_contacts(page: Page, file: Path) -> None:
    page.get_by_role("link", name="Import a CSV file").click()
    page.set_input_files("input[type=file]", file)
    page.get_by_role("button", name="Upload file").click()
    page.get_by_label("Country of phone numbers").select_option("DE")
    page.get_by_role("button", name="Check the file").click()
    page.get_by_role("button", name=f"Import {GOOD} contacts").click()
    expect(page.locator(".notice", has_text="Imported")).to_be_visible()
    expect(page.locator("main")).to_contain_text("not an address")
    page.get_by_role("link", name="See contacts").click()
    expect(page.locator("main")).to_contain_text(f"{GOOD}")


def make_tag(page: Page, school: str) -> None:
    page.goto(f"{school}/tags/new")
    page.get_by_label("Name").fill("Interested")
    page.get_by_role("button", name="tag").click()
    expect(page.locator("main")).to_contain_text("Interested")


def build_workflow(page: Page, school: str) -> None:
    page.goto(f"{school}/workflows/new")
    page.get_by_label("Name").fill("Welcome")
    page.get_by_role("button", name="Make the workflow").click()
    page.click(".trigger-card h3 a")
    page.locator("dialog[open]").get_by_role("link", name="A contact is added").click()
    page.get_by_role("button", name="Use this trigger").click()
    add_step(
        page,
        "Send an email",
        subject="Welcome, {{ contact.frist_name }}",
        content="Hello, [our courses](https://riverside.example/courses).",
    )
    expect(page.locator("dialog[open] .error").first).to_contain_text("frist_name")
    page.fill("dialog[open] [name=subject]", "Welcome, {{ contact.first_name | default: 'friend' }}")
    page.get_by_role("button", name="Add the step").click()
    expect(page.locator(".flow-step")).to_have_count(1)
    add_step(page, "Wait for an event", event_type="email_clicked", timeout="3")
    expect(page.locator(".branch")).to_have_count(2)
    add_step(page, "Add a tag", inside=True, tag_id="Interested")
    add_step(page, "Create a task", inside=True, title="Call {{ contact.first_name }}")
    expect(page.locator(".branch .flow-card")).to_have_count(2)


def add_step(page: Page, label: str, inside: bool = False, **values: str) -> None:
    """Add a step at the end, or at the end of the first branch, and fill in its form."""
    inserts = (
        page.locator(".branch").first.locator(".insert")
        if inside
        else page.locator(".editor-steps > .flow-steps > * .insert, main .insert")
    )
    inserts.last.click()
    expect(page.locator("dialog[open] input:focus")).to_be_visible()
    page.keyboard.type(label)
    page.keyboard.press("Enter")
    for name, value in values.items():
        field = page.locator(f"dialog[open] [name={name}]")
        if field.evaluate("each => each.tagName") == "SELECT":
            field.select_option(label=value) if name == "tag_id" else field.select_option(value)
        else:
            field.fill(value)
    page.get_by_role("button", name="Add the step").click()


def activate(page: Page) -> None:
    page.get_by_role("link", name="Activate…").click()
    page.get_by_label(re.compile("Also take in these contacts")).check()
    if page.locator("[name=accept]").count():
        page.locator("[name=accept]").check()
    page.get_by_role("button", name="Activate", exact=True).click()
    expect(page.locator("#workflow-facts")).to_contain_text("Active")


def message_to(mail: MailServer, address: str) -> EmailMessage:
    data = next(data for _, recipient, data in mail.messages if address.encode() in recipient)
    return email.message_from_bytes(data, policy=email.policy.default)


def read_and_click(message: EmailMessage) -> None:
    """Do what a mail program does: fetch the picture, and follow the link when it is clicked."""
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    body = message.get_body(("html",)).get_content()
    fetch(re.search(r'src="([^"]+/api/track/email/open/[^"]+)"', body).group(1))
    assert (
        fetch(re.search(r'href="([^"]+/api/track/email/click/[^"]+)"', body).group(1))
        == "https://riverside.example/courses"
    )


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def fetch(url: str) -> str | None:
    """GET as a person's browser does; where it leads, if it leads on."""
    request = urllib.request.Request(url, headers={"User-Agent": READER})
    try:
        with urllib.request.build_opener(_Stay).open(request, timeout=10):
            return None
    except urllib.error.HTTPError as answer:
        assert answer.code in (302, 303)
        return answer.headers["Location"]


def see_what_followed(page: Page, school: str) -> None:
    page.goto(f"{school}/contacts?q=person0")
    page.locator("main tbody a").first.click()
    timeline = page.locator("#timeline")
    for _ in range(20):
        page.reload()
        page.wait_for_timeout(500)
        if "Task created" in (timeline.inner_text() if timeline.count() else ""):
            break
    for fact in (
        "Contact created",
        "Workflow started",
        "Email sent",
        "Email opened",
        "Link clicked",
        "Tag added: Interested",
        "Task created",
    ):
        expect(timeline).to_contain_text(fact)
    expect(page.locator("main")).to_contain_text("Interested")
    page.goto(f"{school}/tasks?whose=all")
    expect(page.locator("main")).to_contain_text(re.compile("Call "))
