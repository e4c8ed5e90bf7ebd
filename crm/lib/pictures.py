"""Pictures that people upload: only PNG, JPEG and WebP, told by their bytes, of a size a page can show. SVG is refused: it can hold scripts."""

from __future__ import annotations

import struct

KINDS = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}
WIDEST = 4_000
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The JPEG markers that carry the size (ITU T.81, table B.1)."""


def check_picture(data: bytes, most: int) -> str:
    """The kind of picture, as the end of a file name. Raises ValueError, in words, for anything else or one that is too large."""
    if len(data) > most:
        raise ValueError(f"The picture has {len(data) / 1000:,.0f} kB; up to {most / 1000:,.0f} kB will do.")
    kind, size = _looked_at(data)
    if not kind:
        raise ValueError("Choose a PNG, JPEG or WebP picture.")
    if not all(0 < each <= WIDEST for each in size):
        raise ValueError(f"The picture may be up to {WIDEST:,} dots wide and high.")
    return kind


def _looked_at(data: bytes) -> tuple[str, tuple[int, int]]:
    try:
        if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR" and b"IEND" in data[-16:]:
            return "png", struct.unpack(">II", data[16:24])
        if data.startswith(b"\xff\xd8\xff"):
            return "jpg", _jpeg_size(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return "webp", _webp_size(data)
    except (struct.error, IndexError):
        pass
    return "", (0, 0)


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = 2
    while data[at] == 0xFF:
        marker, length = data[at + 1], struct.unpack(">H", data[at + 2 : at + 4])[0]
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + length
    return 0, 0


def _webp_size(data: bytes) -> tuple[int, int]:
    """The size in any of the three forms of WebP (developers.google.com/speed/webp/docs/riff_container)."""
    form = data[12:16]
    if form == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if form == b"VP8L" and data[20] == 0x2F:
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if form == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return 0, 0
