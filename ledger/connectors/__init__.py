"""Other systems' files as facts: one converter per format, all of one shape.

A converter reads a binary stream as it goes and yields facts and refused lines in the order of the input; it
publishes nothing. Add a format by adding a module and a line in the table.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import BinaryIO

from ledger.connectors import asterisk, cloudevents_jsonl
from ledger.connectors.facts import Converted, ConvertedFact, Converter, RefusedLine
from ledger.errors import CallerError

CONVERTERS: Mapping[str, Converter] = MappingProxyType(
    {
        "asterisk-csv": asterisk.convert,
        "cloudevents-jsonl": cloudevents_jsonl.convert,
    }
)
"""Format names of `ledger publish --format`."""


def convert(format_name: str, stream: BinaryIO, controller: str) -> Iterator[Converted]:
    """Converts a stream of one of the formats.

    Args:
        format_name: a key of `CONVERTERS`.
        stream: binary, read forward only; its position tells the progress.
        controller: the controller on whose behalf the processing in the file happened.

    Raises:
        CallerError: no such format, or no controller.
    """
    converter = CONVERTERS.get(format_name)
    if converter is None:
        raise CallerError(
            "unknown format", expected=" or ".join(CONVERTERS), do="Give one of these with --format."
        )
    if not controller.strip():
        raise CallerError(
            "no controller given", do="Say on whose behalf it was processed, with --controller."
        )
    return converter(stream, controller)


__all__ = ["CONVERTERS", "Converted", "ConvertedFact", "Converter", "RefusedLine", "convert"]
