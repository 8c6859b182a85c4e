"""Logs: structlog, dotted constants with fields, on stderr; never personal data."""

import logging
import sys
from typing import cast

import stamina
import structlog

from ledger.errors import CallerError


def configure_logs(level: str, log_format: str) -> None:
    """Sets up logging for a process.

    Args:
        level: debug, info, warning or error.
        log_format: json, text, or auto (text on a terminal).

    Raises:
        CallerError: the level is unknown.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise CallerError(
            "unknown log level",
            expected="debug, info, warning or error",
            found=level,
            do="Set LEDGER_LOG_LEVEL",
        )
    as_text = log_format == "text" or (log_format == "auto" and sys.stderr.isatty())
    renderer = structlog.dev.ConsoleRenderer() if as_text else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # A traceback's frames hold values; the error's own message is written not to.
            structlog.processors.ExceptionRenderer(_error_only),
            cast("structlog.typing.Processor", renderer),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    # kafka-python logs every failed connection, and stamina every attempt; what a person must act on comes as our
    # own error, once.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    stamina.instrumentation.set_on_retry_hooks([_note_retry])


def _note_retry(details: stamina.instrumentation.RetryDetails) -> None:
    structlog.get_logger().info("service.unreachable", attempt=details.retry_num, again_in_s=details.wait_for)


def _error_only(exc_info: structlog.typing.ExcInfo) -> str:
    return f"{exc_info[0].__name__}: {exc_info[1]}"
