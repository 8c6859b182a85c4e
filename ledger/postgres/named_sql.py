"""SQL statements kept in `.sql` files, each with a name and a purpose.

A file is a series of statements, each headed by a name and at least one purpose line:

    -- name: find_subject
    -- The subject an identifier belongs to, if any.
    SELECT subject FROM directory WHERE …

Owns: reading and checking such files. Leaves to others: running them.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from ledger.errors import IntegrityError

_NAME = re.compile(r"^-- name: *(\S+) *$", re.MULTILINE)


@cache  # bounded by the number of .sql files in the program
def load_sql(path: Path) -> Mapping[str, bytes]:
    """The statements of one `.sql` file, by name, without their comments' heading.

    Args:
        path: the file, UTF-8.

    Returns:
        name -> statement; bytes, which psycopg takes as they are. Read-only, because it is shared.

    Raises:
        IntegrityError: a statement without a name or purpose, or a name used twice: the program is damaged.
    """
    before, *named = _NAME.split(path.read_text(encoding="utf-8"))
    if any(line and not line.startswith("--") for line in map(str.strip, before.splitlines())):
        raise _damaged(path, "a statement before the first `-- name:` line")
    statements: dict[str, bytes] = {}
    for name, body in zip(named[::2], named[1::2], strict=True):
        purpose, statement = _split(body)
        if not purpose or not statement:
            raise _damaged(path, f"{name} without {'a statement' if purpose else 'a purpose line'}")
        if name in statements:
            raise _damaged(path, f"{name} twice")
        statements[name] = statement.encode()
    return MappingProxyType(statements)


def _split(body: str) -> tuple[str, str]:
    """The leading comment lines, and what follows them."""
    lines = body.strip().splitlines()
    count = next((i for i, line in enumerate(lines) if not line.startswith("--")), len(lines))
    purpose = " ".join(line.removeprefix("--").strip() for line in lines[:count])
    return purpose.strip(), "\n".join(lines[count:]).strip().rstrip(";")


def _damaged(path: Path, found: str) -> IntegrityError:
    return IntegrityError(
        f"cannot use the SQL file {path.name}",
        expected="statements headed by `-- name: …` and a purpose line, each name once",
        found=found,
        do="Reinstall the program.",
    )
