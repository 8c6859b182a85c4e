"""`schemas/fingerprints.json`: the ten header bytes of every schema, for producers in any language.

A producer without an Avro library that knows single-object encoding prepends these constants. The file is
generated: `python -m ledger.contract.fingerprints --write`, and `--check` fails when it is stale.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ledger.contract.schema_files import (
    default_directory,
    read_schema_file,
    schema_paths,
    single_object_header,
    type_and_version,
)
from ledger.errors import DataError

FILE_NAME = "fingerprints.json"


class SchemaHeader(msgspec.Struct, frozen=True):
    """One schema file's entry: `header` is ten bytes in hex, `fingerprint` the last eight of them."""

    type: str
    version: int
    header: str
    fingerprint: str


def schema_headers(directory: Path | None = None) -> dict[str, SchemaHeader]:
    """Return the header of every schema file by file name, the ledger's own records included.

    Raises:
        DataError: a file is not JSON, or is not named `<event type>.v<version>.avsc`.
    """
    headers = {}
    for path in schema_paths(directory):
        event_type, version = type_and_version(path)
        header = single_object_header(read_schema_file(path)).hex()
        headers[path.name] = SchemaHeader(event_type, version, header, header[4:])
    return headers


def rendered(directory: Path | None = None) -> bytes:
    """Return what the file should hold: indented JSON and a line end."""
    return msgspec.json.format(msgspec.json.encode(schema_headers(directory)), indent=2) + b"\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the file; returns the exit code, 6 when it is stale."""
    parser = argparse.ArgumentParser(prog="python -m ledger.contract.fingerprints", description=__doc__)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", action="store_true", help="generate the file")
    action.add_argument("--check", action="store_true", help="fail when the file is stale")
    parser.add_argument("--directory", type=Path, default=default_directory(), help="where the schemas are")
    chosen = parser.parse_args(arguments)
    path: Path = chosen.directory / FILE_NAME
    expected = rendered(chosen.directory)
    if chosen.write:
        path.write_bytes(expected)
        return 0
    if path.is_file() and path.read_bytes() == expected:
        return 0
    sys.stderr.write(f"{path} is stale: run python -m ledger.contract.fingerprints --write\n")
    return DataError.exit_code


if __name__ == "__main__":
    sys.exit(main())
