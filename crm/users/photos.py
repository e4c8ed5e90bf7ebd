"""Photos of people: whatever is sent is decoded and drawn anew, so that nothing of the file itself is ever served."""

from __future__ import annotations

import hashlib
from io import BytesIO

import sqlalchemy as sa
from PIL import Image, ImageOps, UnidentifiedImageError

from crm.database import db
from crm.users.entering import Photo
from crm.users.models import User

LARGEST = 8 * 1024 * 1024
MOST_PIXELS = 50_000_000
SIDE = 256
WRONG = "This is no picture that can be used. Choose a PNG, JPEG or WebP file."


def drawn(data: bytes) -> bytes:
    """The picture as it is kept: a square of 256 pixels, upright, without what the camera wrote about time and place. Raises ValueError."""
    if len(data) > LARGEST:
        raise ValueError("This file is larger than 8 MB. Choose a smaller one.")
    try:
        with Image.open(BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as image:
            if image.width * image.height > MOST_PIXELS:
                raise ValueError("This picture has more than 50 million pixels. Choose a smaller one.")
            image.draft("RGB", (SIDE * 2, SIDE * 2))
            upright = ImageOps.exif_transpose(ImageOps.contain(image, (SIDE * 4, SIDE * 4)))
            return _square(upright)
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError):
        raise ValueError(WRONG) from None


def keep(user: User, square: bytes) -> None:
    """Let this be the user's photo."""
    forget(user)
    db.session.add(Photo(user_id=user.id, data=square))
    user.photo = hashlib.sha256(square).hexdigest()
    db.session.flush()


def forget(user: User) -> None:
    """Let the user have no photo."""
    db.session.execute(sa.delete(Photo).where(Photo.user_id == user.id))
    user.photo = ""
    db.session.flush()


def data_of(user_id: int, digest: str) -> bytes | None:
    """The photo at this address, if it is still the one."""
    found = sa.select(Photo.data).join(User, User.id == Photo.user_id)
    return db.session.scalar(found.where(Photo.user_id == user_id, User.photo == digest, User.photo != ""))


def _square(image: Image.Image) -> bytes:
    seen = image.convert("RGBA")
    paper = Image.new("RGBA", seen.size, "white")
    square = ImageOps.fit(Image.alpha_composite(paper, seen).convert("RGB"), (SIDE, SIDE))
    out = BytesIO()
    square.save(out, "WEBP", quality=82)
    return out.getvalue()
