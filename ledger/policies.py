"""The policy packs that are installed: `policies/*.toml`, the promises of privacy statements and agreements as data.

Owns: finding and reading the files. Leaves to others: what a pack may say (`ledger.rules.packs.pack_reader`),
adopting one, which is a fact, and what follows from it (`ledger.rules.keeping.retention`).
"""

import re
import tomllib
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from ledger.contract.retention_classes import RETENTION_CLASSES
from ledger.errors import DataError, NotFound
from ledger.pack_lines import line_of, syntax_line
from ledger.rules.packs.pack_reader import canonical, read_pack
from ledger.rules.packs.pack_table import PackError
from ledger.rules.packs.policy_pack import EVERY_CLASS, PolicyPack

SUFFIX = ".toml"
FOUND_CHARACTERS_MAX = 200
"""Of what a parser says about a text that is no TOML."""

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
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise NotFound(
            "no such policy pack", expected=f"a file, or one of {', '.join(pack_ids())}", do="Check the name."
        ) from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"policy pack {path.name} is not TOML", expected="text in UTF-8", do="Repair the file."
        ) from error
    try:
        parsed = tomllib.loads(text)
        pack, content = read_pack(parsed), canonical(parsed)
        _check_classes(pack)
    except PackError as error:
        raise _unreadable(path, text, error) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise DataError(
            f"policy pack {path.name}, line {syntax_line(text, error)}, is not TOML",
            expected="TOML",
            found=str(error)[:FOUND_CHARACTERS_MAX],
            do="Repair the file.",
        ) from error
    return LoadedPack(pack, content, sha256(content.encode()).hexdigest())


def _unreadable(path: Path, text: str, error: PackError) -> DataError:
    line = line_of(text, entry=error.entry, key=error.key, item=error.item)
    entry = f", entry {error.entry}" if error.entry else ""
    return DataError(
        f"policy pack {path.name}, line {line}{entry} cannot be read",
        expected=error.expected,
        found=error.found,
        do="Repair the file.",
    )


def _path(path_or_id: str | Path) -> Path:
    if isinstance(path_or_id, str) and _PACK_ID.fullmatch(path_or_id):
        return default_directory() / f"{path_or_id}{SUFFIX}"
    return Path(path_or_id)


def _check_classes(pack: PolicyPack) -> None:
    """Refuses a class of data that the ledger does not have.

    Raises:
        PackError: an entry names one.
    """
    for rule in pack.retention:
        for key, names in (("class", {rule.retention_class} - {EVERY_CLASS}), ("except", rule.excluded)):
            for name in sorted(names - RETENTION_CLASSES.keys()):
                expected = f"{key}: of the ledger's classes, {', '.join(sorted(RETENTION_CLASSES))}"
                raise PackError(rule.entry, expected, ascii(name), key=key)
