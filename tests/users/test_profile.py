"""Photo, dates and signature of one's own account."""

from io import BytesIO

import pytest
from PIL import Image

from crm.database import commit
from crm.email.values import values_of
from crm.lib import clock
from crm.users import photos
from tests import factories

ACCOUNT = {"name": "Ada", "timezone": "Europe/Berlin", "theme": "auto"}


def picture(kind="PNG", size=(400, 300), **more):
    out = BytesIO()
    Image.new("RGB", size, "teal").save(out, kind, **more)
    return out.getvalue()


def send(client, data, name="me.png"):
    return client.post("/account/photo", data={"photo": (BytesIO(data), name)})


def address(user):
    return f"/people/{user.id}/photo/{user.photo}"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_photo_is_drawn_anew_and_shown_to_colleagues(as_ada, as_mo, ada, kind):
    assert send(as_ada, picture(kind)).status_code == 303
    reply = as_mo.get(address(ada))
    assert (reply.mimetype, reply.headers["X-Content-Type-Options"]) == ("image/webp", "nosniff")
    assert reply.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    with Image.open(BytesIO(reply.data)) as image:
        assert (image.format, image.size) == ("WEBP", (256, 256))
    assert address(ada) in as_ada.get("/account").text


def test_what_the_camera_wrote_is_left_out(as_ada, ada):
    exif = Image.Exif()
    exif[0x010E] = "canary"
    send(as_ada, picture("JPEG", exif=exif))
    assert b"canary" not in as_ada.get(address(ada)).data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
        b"GIF89a" + b"\0" * 40,
        picture()[:60],
        b"<script>",
    ],
)
def test_anything_else_is_refused_in_words(as_ada, ada, data):
    send(as_ada, data)
    assert not ada.photo
    assert "PNG, JPEG or WebP file" in as_ada.get("/account").text


def test_a_picture_of_too_many_pixels_or_bytes_is_refused(monkeypatch):
    with pytest.raises(ValueError, match="8 MB"):
        photos.drawn(b"x" * (photos.LARGEST + 1))
    monkeypatch.setattr(photos, "MOST_PIXELS", 100)
    with pytest.raises(ValueError, match="pixels"):
        photos.drawn(picture())


def test_it_is_replaced_and_removed(as_ada, ada, anonymous):
    send(as_ada, picture())
    before = address(ada)
    send(as_ada, picture(size=(10, 10)) + b"")
    as_ada.post("/account/photo", data={"remove": "1"})
    assert not ada.photo
    assert as_ada.get(before).status_code == 404
    assert anonymous.get(before).status_code == 302


def test_dates_are_written_as_one_chose(as_ada, ada, mo):
    as_ada.post("/account", data=ACCOUNT | {"date_style": "iso"})
    there = clock.local(mo.created_at, ACCOUNT["timezone"])
    assert there.strftime("%Y-%m-%d") in as_ada.get(f"/people/{mo.id}").text
    as_ada.post("/account", data=ACCOUNT | {"date_style": "de"})
    assert "vor " in as_ada.get("/people").text or there.strftime("%d.%m.%Y") in as_ada.get(f"/people/{mo.id}").text
    assert as_ada.post("/account", data=ACCOUNT | {"date_style": "klingon"}).status_code == 422


def test_a_signature_is_kept_and_has_an_end(as_ada, ada):
    as_ada.post("/account", data=ACCOUNT | {"signature": "**Ada**\nHead of studies"})
    assert ada.signature == "**Ada**\nHead of studies"
    assert as_ada.post("/account", data=ACCOUNT | {"signature": "x" * 2001}).status_code == 422


def test_the_owners_signature_is_a_merge_tag(ada):
    ada.signature = "**Ada**\n\nHead of studies"
    commit()
    carla = factories.contact(owner_id=ada.id)
    assert (
        values_of([carla.id], {"contact.owner_signature"})[carla.id]["contact"]["owner_signature"]
        == "Ada · Head of studies"
    )
