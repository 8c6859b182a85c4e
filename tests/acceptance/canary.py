"""A person who exists nowhere, every way their data could be written down, and a grep for it.

The number, e-mail and name are invented. Each is looked for as text (UTF-8, UTF-16, Latin-1, JSON escapes), as hex
and in the three alignments of base64, in any case.
"""

import base64
import json
from pathlib import Path

NUMBER_SPELLINGS = ("+3197010987654", "003197010987654", "0970-10987654", "97010987654", "3197010987654")
"""International, with the dialling prefix, national with a dash (as 06-...), and digits only."""
NUMBER_CORE = "10987654"
"""What every spelling holds."""
EMAIL = "kanarie.testvogel@example.com"
NAME = "Zoë Kanarie-Testvogel"
EVERYTHING = " ".join((NAME, EMAIL, *NUMBER_SPELLINGS))

_TEXTS = {
    "number": NUMBER_CORE,
    "email": EMAIL,
    "email's local part": "kanarie.testvogel",
    "name": "Kanarie-Testvogel",
    "first name": "Zoë Kanarie",
}
PLAIN = frozenset({"number as UTF-8", "email as UTF-8", "name as UTF-8", "first name as UTF-8"})
"""What a grep must find in the inbox."""


def found_in(content: bytes) -> set[str]:
    """Which canaries some bytes hold, and how they are written there."""
    lowered = content.lower()
    return {label for label, needle in _NEEDLES.items() if needle in lowered}


def found_in_tree(directory: Path, *, leave_out: tuple[str, ...] = ()) -> dict[str, set[str]]:
    """File -> canaries, of every file below a directory that holds any, but for some of its subdirectories."""
    found = {}
    for path in sorted(directory.rglob("*")):
        relative = path.relative_to(directory)
        if path.is_file() and relative.parts[0] not in leave_out:
            canaries = found_in(path.read_bytes())
            if canaries:
                found[str(relative)] = canaries
    return found


def written_every_way() -> bytes:
    """Each canary in each writing the grep knows, as it would stand there before any lower-casing."""
    return b"\n".join(
        writing for text in _TEXTS.values() for writings in _writings(text).values() for writing in writings
    )


def _writings(text: str) -> dict[str, list[bytes]]:
    utf8 = text.encode()
    writings = {
        "UTF-8": [utf8],
        "UTF-16": [text.encode("utf-16-le"), text.encode("utf-16-be")],
        "hex": [utf8.hex().encode()],
        "base64": [_base64_core(utf8, shift) for shift in range(3)],
    }
    if not text.isascii():
        writings["Latin-1"] = [text.encode("latin-1")]
        writings["JSON escapes"] = [json.dumps(text).strip('"').encode()]
    return writings


def _base64_core(content: bytes, shift: int) -> bytes:
    """The characters that stand in base64 wherever content begins at an offset of this shift modulo three."""
    whole = (shift + len(content)) // 3 * 4
    return base64.b64encode(b"\0" * shift + content)[(0, 2, 3)[shift] : whole]


_NEEDLES = {
    f"{what} as {how}{number or ''}": writing.lower()
    for what, text in _TEXTS.items()
    for how, writings in _writings(text).items()
    for number, writing in enumerate(writings)
}
