"""The policy packs that are installed: `policies/*.toml`, the promises of privacy statements and agreements as data.

Owns: finding and reading the files. Leaves to others: what a pack may say (`ledger.rules.pack_reader`), adopting one,
which is a fact, and what follows from it (`ledger.rules.retention`).
"""

import re
import tomllib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from ledger.contract.retention_classes import RETENTION_CLASSES
from ledger.errors import DataError, NotFound
from ledger.rules.pack_reader import canonical, read_pack
from ledger.rules.pack_table import PackError
from ledger.rules.policy_pack import EVERY_CLASS, PolicyPack

SUFFIX = ".toml"

_PACK_ID = re.compile(r"[a-z0-9-]+", re.ASCII)


class LoadedPack(NamedTuple):
    """A pack, its canonical JSON, and the SHA-256 of that in UTF-8, 64 lower-case hexadecimal digits."""

    pack: PolicyPack
    content: str
    sha256: str


def default_directory() -> Path:
    """Return the `policies/` directory beside the `ledger` package, in a checkout as in site-packages."""
    return Path(__file__).resolve().parents[1] / "policies"


def pack_ids(directory: Path | None = None) -> list[str]:
    """Return the ids of the installed packs in order; the file of each is named after it."""
    return sorted(path.stem for path in (directory or default_directory()).glob(f"*{SUFFIX}"))


def load_pack(path_or_id: str | Path) -> LoadedPack:
    """Read a pack.

    Args:
        path_or_id: the id of an installed pack, or the path of a TOML file.

    Raises:
        NotFound: there is no such pack or file.
        DataError: the file is no policy pack, or names a class of data the ledger does not have.
    """
    path = _path(path_or_id)
    try:
        parsed = tomllib.loads(path.read_text(encoding="utf-8"))
        pack, content = read_pack(parsed), canonical(parsed)
    except OSError as error:
        raise NotFound(
            "no such policy pack", expected=f"a file, or one of {', '.join(pack_ids())}", do="Check the name."
        ) from error
    except PackError as error:
        what = f"policy pack {path.name}" + (f", entry {error.entry}" if error.entry else "")
        raise DataError(
            f"{what} cannot be read", expected=error.expected, found=error.found, do="Repair the file."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"policy pack {path.name} is not TOML", do="Repair the file.") from error
    unknown = sorted(set(_classes(pack)) - RETENTION_CLASSES.keys())
    if unknown:
        raise DataError(
            f"policy pack {path.name} names a class of data the ledger does not have",
            expected=f"one of {', '.join(sorted(RETENTION_CLASSES))}",
            found=", ".join(unknown),
            do="Repair the file.",
        )
    return LoadedPack(pack, content, sha256(content.encode()).hexdigest())


def _path(path_or_id: str | Path) -> Path:
    if isinstance(path_or_id, str) and _PACK_ID.fullmatch(path_or_id):
        return default_directory() / f"{path_or_id}{SUFFIX}"
    return Path(path_or_id)


def _classes(pack: PolicyPack) -> Iterator[str]:
    for rule in pack.retention:
        yield from rule.excluded
        if rule.retention_class != EVERY_CLASS:
            yield rule.retention_class
    for duty in pack.duties:
        yield duty.retention_class
