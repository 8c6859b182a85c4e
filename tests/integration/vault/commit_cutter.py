"""A vault's line to its server that can be cut at a commit: before it took effect, or after it, unreported."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Literal

from psycopg.conninfo import conninfo_to_dict, make_conninfo

Moment = Literal["before", "after"]
CHUNK_BYTES = 65_536
COMMITTED = b"COMMIT\x00"
"""The client's request to commit, and the server's answer."""


class CommitCutter:
    """Relays between one port of ours and the server.

    Args:
        dsn: of the server.
    """

    def __init__(self, dsn: str) -> None:
        self._server_at = conninfo_to_dict(dsn)
        self._cut: Moment | None = None
        self._request, self._answer = COMMITTED, COMMITTED
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.dsn = make_conninfo(
            dsn,
            host="127.0.0.1",
            port=port,
            sslmode="disable",
            gssencmode="disable",
            channel_binding="disable",
        )
        self.cuts = 0
        Thread(target=self._accept, daemon=True).start()

    def cut_next(self, moment: Moment, *, request: bytes = COMMITTED, answer: bytes = COMMITTED) -> None:
        """Cuts the line at the next COMMIT, or at a statement that is its own transaction.

        Args:
            moment: before the server sees the request, or after it has answered.
            request: bytes of the statement; not of one that psycopg has prepared.
            answer: bytes of the tag the server answers with, which it sends once it has committed.
        """
        self._request, self._answer = request, answer
        self._cut = moment

    def close(self) -> None:
        """Takes no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = self._connect()
                for act, ends in ((self._up, (client, server)), (self._down, (server, client))):
                    Thread(target=act, args=ends, daemon=True).start()

    def _connect(self) -> socket.socket:
        host, port = str(self._server_at["host"]), int(self._server_at.get("port", 5432) or 5432)
        if host.startswith("/"):
            server = socket.socket(socket.AF_UNIX)
            server.connect(f"{host}/.s.PGSQL.{port}")
            return server
        return socket.create_connection((host, port))

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(CHUNK_BYTES):
                if self._cut == "before" and self._request in data:
                    self._count()
                    break
                server.sendall(data)
        _close(client, server)

    def _down(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(CHUNK_BYTES):
                if self._cut == "after" and self._answer in data:
                    self._count()
                    break
                client.sendall(data)
        _close(client, server)

    def _count(self) -> None:
        self._cut = None
        self.cuts += 1


def _close(*ends: socket.socket) -> None:
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()


@contextmanager
def commit_cutter(dsn: str) -> Iterator[CommitCutter]:
    """See CommitCutter."""
    cutter = CommitCutter(dsn)
    try:
        yield cutter
    finally:
        cutter.close()
