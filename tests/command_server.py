"""Runs `ledger` commands as forks of a process that has imported the program already.

Each command is a process of its own, with its own environment, standard streams and exit code, like any the user
starts; it only saves the second that Python takes to import everything. Run as a process, it serves a unix socket
until its standard input ends.

A request is a JSON document and three file descriptors, the command's standard streams; the answer is its exit
code as text.
"""

import os
import select
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from tempfile import TemporaryDirectory, TemporaryFile
from threading import Lock

import msgspec

REQUEST_BYTES_MAX = 256 * 1024
ENDED_BY_SIGNAL = 128


class Request(msgspec.Struct):
    """Arguments without the program's name, and the whole environment."""

    arguments: list[str]
    environment: dict[str, str]


class CommandServer:
    """The server and the way to ask it."""

    def __init__(self) -> None:
        self._directory = TemporaryDirectory(prefix="ledger-commands-")
        self._address = f"{self._directory.name}/socket"
        # It ends when this pipe does, which is when we end, however that happens.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.command_server", self._address],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()

    def run(
        self, arguments: Sequence[str], *, stdin: bytes, environment: Mapping[str, str], timeout_s: float
    ) -> "subprocess.CompletedProcess[bytes]":
        """Runs one command to its end.

        Raises:
            TimeoutError: it does not end.
        """
        request = msgspec.json.encode(Request(list(arguments), dict(environment)))
        with (
            TemporaryFile() as given,
            TemporaryFile() as out,
            TemporaryFile() as err,
            socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection,
        ):
            given.write(stdin)
            given.seek(0)
            connection.settimeout(timeout_s)
            connection.connect(self._address)
            socket.send_fds(connection, [request], [stream.fileno() for stream in (given, out, err)])
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(16)
            for stream in (out, err):
                stream.seek(0)
            return subprocess.CompletedProcess(list(arguments), int(answer), out.read(), err.read())


_STARTING = Lock()


def command_server() -> CommandServer:
    """The one of this test run, also when several threads ask first."""
    with _STARTING:
        return _command_server()


@cache
def _command_server() -> CommandServer:
    return CommandServer()


def serve(address: str) -> None:
    """Accepts requests until standard input ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks that answer
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(address)
        listener.listen(64)
        print("ready", flush=True)  # noqa: T201 -- the word our parent waits for
        while True:
            ready, _, _ = select.select([listener, sys.stdin], [], [])
            if sys.stdin in ready:
                return
            connection, _ = listener.accept()
            with connection:
                if os.fork() == 0:
                    listener.close()
                    _answer(connection)
                    os._exit(0)


def _answer(connection: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    content, streams, _, _ = socket.recv_fds(connection, REQUEST_BYTES_MAX, 3)
    while more := connection.recv(REQUEST_BYTES_MAX):
        content += more
    request = msgspec.json.decode(content, type=Request)
    command = os.fork()
    if command == 0:
        connection.close()
        _become(request, streams)
    _, status = os.waitpid(command, 0)
    code = os.waitstatus_to_exitcode(status)
    connection.send(b"%d" % (code if code >= 0 else ENDED_BY_SIGNAL - code))


def _become(request: Request, streams: Sequence[int]) -> None:
    """Turns this fork into the command; never returns."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(request.environment)
    sys.argv = ["ledger", *request.arguments]
    code = 1
    try:
        import_module("ledger.cli.main").main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 -- as the interpreter does at the end of a program
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    import_module("ledger.cli.main")
    serve(sys.argv[1])
