"""`ledger`: the command. One module per group of commands; errors become exit codes here and nowhere else."""

import signal
import sys
from importlib.metadata import version as package_version
from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError

from ledger.cli import (
    agreement,
    audit,
    breach,
    consent,
    deadlines,
    demo,
    digest,
    disclosure,
    erase,
    export,
    findings,
    hold,
    instruction,
    kek,
    notice,
    party,
    policy,
    processes,
    promises,
    publish,
    register,
    rejected,
    replay,
    request,
    retention,
    schedule,
    setup,
    subprocessor,
    trail,
    vault,
)
from ledger.cli.output import plain, stderr
from ledger.config import Settings
from ledger.errors import CallerError, LedgerError
from ledger.observability import configure_logs

EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143

app = typer.Typer(
    name="ledger",
    help="A data-processing ledger: an immutable log that proves itself, forgets people, and answers audits.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_MODULES = (
    demo,
    processes,
    setup,
    publish,
    trail,
    consent,
    digest,
    replay,
    rejected,
    kek,
    vault,
    policy,
    promises,
    findings,
    register,
    agreement,
    instruction,
    subprocessor,
    notice,
    party,
    breach,
    audit,
    disclosure,
    request,
    deadlines,
    hold,
    retention,
    schedule,
    erase,
    export,
)
"""In the order of `ledger --help`."""

for module in _MODULES:
    module.register(app)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
) -> None:
    if version:
        typer.echo(package_version("processing-ledger"))
        raise typer.Exit


def main() -> None:
    """Entry point; exit codes as in DESIGN section 14."""
    # Not KeyboardInterrupt, which typer turns into "Aborted!" and exit code 1. Contexts unwind all the same.
    signal.signal(signal.SIGINT, lambda *_: sys.exit(EXIT_INTERRUPTED))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(EXIT_TERMINATED))
    try:
        # Commands answer on stdout and only warn on stderr; the processes raise the level for themselves.
        configure_logs("warning", Settings().log_format)
        app()
    except UnicodeError:
        # Not the error's own text: it quotes the value.
        stderr.print("ledger: an argument or setting is not valid UTF-8 text")
        sys.exit(EXIT_USAGE)
    except LedgerError as error:
        _fail(error)
    except ValidationError as error:
        _fail(_bad_settings(error))


def _fail(error: LedgerError) -> NoReturn:
    stderr.print(f"ledger: {plain(error)}")
    sys.exit(error.exit_code)


def _bad_settings(error: ValidationError) -> CallerError:
    """The settings at fault and what is wrong with each; never what was found, which may be a secret."""
    problems = (
        f"LEDGER_{'_'.join(map(str, problem['loc'])).upper()}: {problem['msg']}" for problem in error.errors()
    )
    return CallerError(
        "the configuration is wrong",
        found="; ".join(problems),
        do="`ledger config show` explains each setting",
    )
