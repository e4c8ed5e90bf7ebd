"""The school's logo: a picture, and nothing that only calls itself one."""

import base64
import io
import struct

import pytest

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
JPEG = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x0b\x08\x00\x10\x00\x20\x01\x01\x11\x00\xff\xd9"
WEBP = b"RIFF\x1a\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\x0f\x00\x00\x0f\x00\x00"


def put(client, data, name="logo.png"):
    return client.post("/settings/logo", data={"logo": (io.BytesIO(data), name)})


@pytest.mark.parametrize(("data", "kind"), [(PNG, "image/png"), (JPEG, "image/jpeg"), (WEBP, "image/webp")])
def test_a_picture_is_shown_to_everybody_and_cannot_do_anything(app, as_ada, data, kind):
    assert put(as_ada, data, "x.exe").status_code == 303
    reply = app.test_client().get(f"/logo/{app.config['LOGO']}")
    assert (reply.data, reply.mimetype) == (data, kind)
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in reply.headers["Content-Security-Policy"]
    assert app.config["LOGO"] in app.test_client().get("/sign-in").text


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"GIF89a" + b"0" * 40,
        PNG[:30],
        PNG[:16] + struct.pack(">II", 90_000, 1) + PNG[24:],
        PNG[:-16] + b"0" * 300_001 + PNG[-16:],
        b"\xff\xd8\xff\xe0",
    ],
)
def test_anything_else_is_refused(app, as_ada, data):
    reply = put(as_ada, data)
    assert reply.status_code == 422
    assert app.config["LOGO"] == ""


def test_it_can_be_taken_away(app, as_ada):
    put(as_ada, PNG)
    name = app.config["LOGO"]
    as_ada.post("/settings/logo/removal")
    assert app.config["LOGO"] == ""
    assert app.test_client().get(f"/logo/{name}").status_code == 200


@pytest.mark.parametrize("name", ["secret", "logo-x.svg", "..%2fsecret", "logo-..%2f..%2fsecret.png"])
def test_no_other_file_is_served(app, as_ada, name):
    assert app.test_client().get(f"/logo/{name}").status_code == 404
