"""Where the embedded PostgreSQL puts its unix socket.

Beside its data when the path is short enough; the kernel allows 107 bytes (`sun_path`, unix(7)). Deeper state
directories get a directory under the system's temporary one, named after the state directory, so that it is
found again.
"""

import hashlib
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from ledger.dev.os_account import Account
from ledger.errors import NotPermitted

SOCKET_PATH_MAX_BYTES = 103
"""macOS allows 103, Linux 107."""
_SOCKET_NAME_LONGEST = ".s.PGSQL.65535"


def socket_dir_for(data_dir: Path, account: Account) -> Path:
    """A directory for the socket that only the account (and root) can enter; made when missing.

    Raises:
        NotPermitted: the directory under the temporary one belongs to somebody else.
    """
    beside = data_dir.with_name("socket")
    if len(os.fsencode(beside / _SOCKET_NAME_LONGEST)) <= SOCKET_PATH_MAX_BYTES and "'" not in str(beside):
        beside.mkdir(mode=0o700, exist_ok=True)
        account.own(beside, mode=0o700)
        return beside
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    elsewhere = Path(tempfile.gettempdir()) / f"ledger-{name}"
    try:
        elsewhere.mkdir(mode=0o700)
    except FileExistsError:
        # anyone may make names in a temporary directory: take it only when it is truly ours
        found = elsewhere.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {account.uid, os.geteuid()}:
            raise NotPermitted(
                "the directory for PostgreSQL's socket belongs to somebody else",
                expected=f"{elsewhere} to be ours",
                do="Remove it, or use a shorter state directory.",
            ) from None
    account.own(elsewhere, mode=0o700)
    return elsewhere


def remove_socket_dir(place: Path, data_dir: Path) -> None:
    """Removes the directory of a stopped server's socket, unless it is beside the data."""
    if place.parent != data_dir.parent:
        with suppress(OSError):  # not empty, or gone: the next start uses or makes it
            place.rmdir()
