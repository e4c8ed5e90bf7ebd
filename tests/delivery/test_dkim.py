"""DKIM signatures, checked by a verifier of the tests' own, which is held to the example of RFC 8463."""

import base64
import hashlib
import re
import stat

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding

from crm.delivery import dkim
from crm.email.writing import Writer
from tests import factories
from tests.email.mailroom import queue, sent_bytes
from tests.providers.mail_server import MailServer

ED = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
RSA = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ"
    "/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
)
RFC_8463 = b"""\
DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
""".replace(b"\n", b"\r\n")


def verified(message: bytes, records: dict[str, str]) -> list[tuple[str, list[str]]]:
    """The algorithm and the signed headers of each signature that is good."""
    head, _, body = message.partition(b"\r\n\r\n")
    fields = re.findall(rb"(?ms)^([^\s:]+):(.*?)(?=\r\n[^\s]|\Z)", head)
    return [
        one
        for name, value in fields
        if name.lower() == b"dkim-signature" and (one := good(value, fields, body, records))
    ]


def good(value: bytes, fields: list, body: bytes, records: dict[str, str]) -> tuple[str, list[str]] | None:
    parts = (each.partition(b"=") for each in value.split(b";") if each.strip())
    tags = {key.strip().decode(): re.sub(rb"\s+", b"", rest).decode() for key, _, rest in parts}
    relaxed = re.sub(rb"(\r\n)+\Z", b"", re.sub(rb"[ \t]+(?=\r\n)", b"", re.sub(rb"[ \t]+", b" ", body))) + b"\r\n"
    if base64.b64encode(hashlib.sha256(relaxed).digest()).decode() != tags["bh"]:
        return None
    names, left, text = tags["h"].lower().split(":"), list(fields), b""
    for name in names:
        at = next((at for at in range(len(left) - 1, -1, -1) if left[at][0].decode().lower() == name), None)
        text += line(*left.pop(at)) + b"\r\n" if at is not None else b""
    text += line(b"dkim-signature", re.sub(rb"(\bb=)[^;]*\Z", rb"\1", value))
    try:
        check(tags["a"], records[tags["s"]], base64.b64decode(tags["b"]), text)
    except InvalidSignature:
        return None
    return tags["a"], names


def line(name: bytes, value: bytes) -> bytes:
    return name.lower() + b":" + re.sub(rb"\s+", b" ", value).strip()


def check(algorithm: str, public: str, signature: bytes, text: bytes) -> None:
    key = base64.b64decode(public)
    if algorithm == "ed25519-sha256":
        ed25519.Ed25519PublicKey.from_public_bytes(key).verify(signature, hashlib.sha256(text).digest())
    else:
        serialization.load_der_public_key(key).verify(signature, text, padding.PKCS1v15(), hashes.SHA256())


def test_the_verifier_knows_the_example_of_the_rfc():
    records = {"brisbane": ED, "test": RSA}
    assert [algorithm for algorithm, _ in verified(RFC_8463, records)] == ["ed25519-sha256", "rsa-sha256"]
    assert verified(RFC_8463.replace(b"dinner", b"supper"), records) == []
    assert verified(RFC_8463.replace(b"lost", b"won"), records) == []


@pytest.fixture
def signing(app) -> dict[str, str]:
    """A school that signs with both kinds of key; its public keys by selector."""
    keys = [dkim.make_key("school.example", each) for each in dkim.ALGORITHMS]
    dkim.turn_on("school.example")
    return {key.selector: dkim.dns_record(key)[1].partition("p=")[2] for key in keys}


def test_what_leaves_is_signed(signing):
    queue(
        [factories.contact(first_name="Łucja")],
        subject="Zażółć {{ contact.first_name }}  gęślą jaźń, a very long line of a subject indeed",
    )
    with MailServer() as server:
        raw = sent_bytes(server)
    found = verified(raw, signing)
    assert [algorithm for algorithm, _ in found] == ["ed25519-sha256", "rsa-sha256"]
    assert {"from", "list-unsubscribe", "list-unsubscribe-post", "subject", "to"} <= set(found[0][1])
    assert max(map(len, raw.split(b"\r\n"))) < 998
    assert verified(raw.replace(b"One-Click", b"Two-Click"), signing) == []
    assert verified(raw.replace(b"\r\nFrom:", b"\r\nFrom: x@evil.example\r\nFrom:"), signing) == []


def test_without_being_turned_on_nothing_is_signed(app):
    dkim.make_key("school.example")
    assert Writer().usual.keys == ()
    queue([factories.contact()])
    with MailServer() as server:
        assert b"DKIM-Signature" not in sent_bytes(server)


def test_any_body_is_signed_in_its_relaxed_form(app):
    key = dkim.make_key("school.example", "ed25519")
    head, body = b"From: a@school.example\r\nSubject:  two   blanks\r\n\tfolded \r\n", b" a  b \t\r\n\r\nc\r\n\r\n\r\n"
    message = dkim.signed(head, body, [key]) + head + b"\r\n" + body
    assert verified(message, {key.selector: key.public})[0][1] == ["from", "subject", "from", "subject"]


def test_the_private_key_stays_in_its_file(app):
    key = dkim.make_key("school.example")
    assert dkim.make_key("school.example").public == key.public, "asked twice there is one"
    (path,) = (app.config["INSTANCE_PATH"] / "dkim" / "school.example").glob("*.pem")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert "private" not in repr(key).lower()
    name, text = dkim.dns_record(key)
    assert name == "cohort._domainkey.school.example"
    assert text.startswith("v=DKIM1; k=rsa; p=MIIBIjAN")
    dkim.turn_on("school.example")
    dkim.turn_off("school.example")
    assert dkim.signing_keys("school.example") == ()
    dkim.forget_keys("school.example")
    assert dkim.keys_of("school.example") == []


@pytest.mark.parametrize("domain", ["", "../etc", "a/b", "a b.example", "x" * 300, "-a.example"])
def test_what_is_no_domain_gets_no_key(app, domain):
    with pytest.raises(ValueError, match="domain"):
        dkim.make_key(domain)
