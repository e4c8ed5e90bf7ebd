"""The bytes of an email: read back by the standard library, and not to be broken out of."""

import email
from datetime import UTC, datetime
from email import policy

import pytest

from crm.email import headers
from crm.email.mime import Sender, mime_bytes
from crm.email.rendering import Rendered

SENDER = Sender.of("Scales School <school@school.example>", "Scales")
URL = "https://crm.example/api/track/unsubscribe/abc"


def sent(
    subject: str = "Hello", name: str = "Carla", html: str = "<p>Hi</p>", text: str = "Hi\n", url: str = URL
) -> bytes:
    return mime_bytes(
        SENDER, name, "carla@example.com", Rendered(subject, html, text),
        message_id="<1@school.example>", date=datetime(2026, 11, 22, 9, 30, tzinfo=UTC), unsubscribe_url=url,
    )  # fmt: skip


def read(raw: bytes) -> email.message.EmailMessage:
    return email.message_from_bytes(raw, policy=policy.default)


def test_it_reads_back_as_it_was():
    got = read(sent("Grüße", "Zoë", "<p>Grüße</p>", "Grüße\n"))
    assert (got["Subject"], got["To"], got["From"]) == (
        "Grüße",
        "Zoë <carla@example.com>",
        "Scales School <school@school.example>",
    )
    assert got["Date"].datetime == datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
    assert got["Message-ID"] == "<1@school.example>"
    assert got.get_content_type() == "multipart/alternative"
    assert [part.get_content() for part in got.iter_parts()] == ["Grüße\r\n", "<p>Grüße</p>"]
    assert not got.defects


def test_it_can_be_left_with_one_click():
    got = read(sent())
    assert got["List-Unsubscribe"] == f"<{URL}>"
    assert got["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert got["List-Id"] == "<contacts.school.example>"


def test_a_personal_mail_names_no_list():
    assert not [name for name in read(sent(url="")) if name.startswith("List-") or name == "Precedence"]


def test_each_header_is_there_once_and_each_line_is_short():
    raw = sent("é" * 255, "ñ" * 200, "<p>" + "long " * 20_000 + "</p>")
    for name in (b"From", b"To", b"Subject", b"Date", b"Message-ID", b"List-Unsubscribe"):
        assert raw.count(b"\r\n" + name + b": ") + raw.startswith(name + b": ") == 1
    assert max(len(line) for line in raw.split(b"\r\n")) < 998
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert read(raw)["Subject"] == "é" * 255


NASTY = [
    "hi\r\nBcc: evil@example.com",
    "hi\nBcc: evil@example.com",
    "hi\x0bBcc: evil@example.com\x00\x85\u2028x",
    "=?utf-8?q?hi=0ABcc:_evil@example.com?=",
    "=?utf-8?q?=3D=3Futf-8=3Fq=3Fhi=3D0ABcc:_evil@example.com=3F=3D?=",
    "=?utf-8?b?aGkKQmNjOiBldmlsQGV4YW1wbGUuY29t?=",
    "=?nonsense?q?=0A?= =?utf-8?b?!!!?=",
    'x" <evil@example.com>, "y',
    "\ud800\udfff",
]


@pytest.mark.parametrize("value", NASTY)
def test_no_value_makes_a_header(value):
    raw = sent(subject=value, name=value)
    got = read(raw)
    assert got["Bcc"] is None
    assert [each.addr_spec for each in got["To"].addresses] == ["carla@example.com"]
    assert b"\nBcc" not in raw
    again = email.message.EmailMessage()
    again["Subject"] = headers.one_line(value)
    assert b"\nBcc" not in again.as_bytes()


def test_an_international_host_is_written_in_ascii():
    assert headers.deliverable("carla@bücher.example") == "carla@xn--bcher-kva.example"
    assert headers.deliverable(" Carla+x@EXAMPLE.com ") == "Carla+x@example.com"
    assert headers.deliverable("zoë@example.com") == "zoë@example.com"


@pytest.mark.parametrize(
    "address",
    ["", "carla", "carla@", "@example.com", "a b@example.com", "a@b@example.com", "a@exa mple.com", "a\r\n@example.com", "a@example.com>",
     "<a@example.com", "a..b@example.com", ".a@example.com", "a@-x.example", "a@" + "x" * 64 + ".example", "a,b@example.com", "a@example.com\nBcc: x"],
)  # fmt: skip
def test_what_no_server_would_take_is_refused_with_a_reason(address):
    with pytest.raises(ValueError, match="not|longer"):
        headers.deliverable(address)


def test_a_sender_without_an_address_is_refused():
    with pytest.raises(ValueError, match="not an email address"):
        Sender.of("Nobody", "Scales")
    assert Sender.of("office@school.example", "Scales").name == "Scales"
