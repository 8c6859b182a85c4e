"""Every command as people and scripts use it: one JSON document or readable text, and stable exit codes.

DESIGN section 14: 0 ok, 1 verification failed, 2 usage, 3 not found, 4 not permitted, 5 cannot reach Kafka or
PostgreSQL, 6 bad data, 130 interrupted.
"""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ledger.bootstrap import Runtime
from tests.ledger_home import LedgerHome, call, inbox_record, publish, settle

NUMBER = "+3197010002222"
NOBODY = "00000000-0000-4000-8000-000000000000"
UNREACHABLE_S = 30.0
"""A service that is away is reported in 7 to 18 s on an idle machine; the rest is for a busy one."""
RUNS_AT_ONCE = 4
SECRET = "geheim-4711"
KEK = "5e" * 32
NOWHERE = {
    "LEDGER_KAFKA": "127.0.0.1:1",
    "LEDGER_STORE_DSN": f"host=127.0.0.1 port=1 dbname=ledger password={SECRET}",
    "LEDGER_VAULT_DSN": f"host=127.0.0.1 port=1 dbname=vault password={SECRET}",
    "LEDGER_KEK": KEK,
}
ASTERISK = ("publish", "-", "--format", "asterisk-csv", "--controller", "garage-example")

Done = subprocess.CompletedProcess[bytes]
Run = tuple[tuple[str, ...], Mapping[str, str]]
"""Arguments, and environment variables besides the ledger's own."""

ANSWERS: Mapping[str, tuple[str, ...]] = {
    "trail": ("trail",),
    "trail of a subject": ("trail", "--subject", f"phone:{NUMBER}", "--since", "2026-01-01", "--limit", "1"),
    "consent show": ("consent", "show", "--subject", f"phone:{NUMBER}", "--purpose", "marketing_calls"),
    "digest": ("digest",),
    "replay": ("replay", "--verify"),
    "rejected list": ("rejected", "list"),
    "rejected show": ("rejected", "show", "REJECTED"),
    "config show": ("config", "show"),
    "migrate": ("migrate",),
    "topics": ("topics",),
    "publish": ASTERISK,
}
SAYS: Mapping[str, tuple[set[str], str]] = {
    "trail": ({"entries", "truncated", "as_of"}, "call.completed"),
    "trail of a subject": ({"entries", "truncated", "as_of"}, "There is more"),
    "consent show": ({"consents", "as_of"}, "marketing_calls for dentist-example: given"),
    "digest": ({"digest", "digests", "positions"}, "audit_trail"),
    "replay": (
        {"live_digest", "replay_digest", "equal", "entries", "seconds", "different", "positions", "schema"},
        "equal",
    ),
    "rejected list": ({"rejected"}, "magic_unknown"),
    "rejected show": (
        {"ledger", "reason", "detail", "source", "attempts", "sealed_at", "retried_as"},
        "reason: magic_unknown",
    ),
    "config show": ({"settings", "embedded"}, "LEDGER_KEK_FILE"),
    "migrate": ({"store", "vault"}, "up to date"),
    "topics": ({"topics"}, "inbox.processing: present"),
    "publish": ({"published", "refused", "refused_lines"}, "published 0, refused 0"),
}
"""The keys of the JSON document, and something the text says."""

USAGE: Sequence[tuple[tuple[str, ...], int, str]] = [
    ((), 2, ""),
    (("nonsense",), 2, "No such command"),
    (("trail", "--nope"), 2, "No such option"),
    (("trail", "--limit", "0"), 2, "--limit"),
    (("trail", "--since", "yesterday"), 2, "--since is not a time"),
    (("trail", "--until", "2026-02-30"), 2, "--until is not a time"),
    (("trail", "--as-of", "2026-03-27T08:00:00"), 2, "--as-of is not a time"),
    (("trail", "--subject", "somebody"), 2, "--subject has no form we know"),
    (("trail", "--subject", "fax:+3197010002222"), 2, "--subject has no form we know"),
    (("trail", "--subject", "phone:"), 2, "--subject has no form we know"),
    (("trail", "--subject", "phone:+3197010009999"), 3, "nobody is known by that identifier"),
    (("trail", "--subject", f"phone:{NUMBER}", "--controller", "nobody"), 3, "nobody is known"),
    (("trail", "--subject", NOBODY), 3, "nothing is recorded about that data subject"),
    (("consent",), 2, ""),
    (("consent", "show"), 2, "which data subject?"),
    (("consent", "show", "--subject", NOBODY), 3, "nothing is recorded about that data subject"),
    (("consent", "show", "--subject", "email:nobody@example.com"), 3, "nobody is known"),
    (("rejected", "show", "somewhere"), 2, "not ledger coordinates"),
    (("rejected", "show", "1:99999"), 3, "nothing rejected at 1:99999"),
    (("rejected", "retry", "1:99999"), 3, "nothing rejected at 1:99999"),
    (("rejected", "retry"), 2, "Missing argument"),
    (("replay", "--until", "some day"), 2, "--until is not a time"),
    (("replay", "--into", "ledger"), 2, "--into names the live schema"),
    (("replay", "--until", "1:99999", "--verify"), 1, "log regressed"),
    (("seal", "--slot", "3/2"), 2, "--slot is not a slot"),
    (("record", "--slot", "0/1"), 2, "--slot is not a slot"),
    (("demo", "--events", "0"), 2, "--events"),
    (("publish",), 2, "Missing argument"),
    (("publish", "-", "--format", "asterisk-csv"), 2, "--controller"),
    ((*ASTERISK[:-1], " "), 2, "no controller given"),
    (("publish", "-", "--format", "excel", "--controller", "x"), 2, "unknown format"),
    (("publish", "/nowhere/Master.csv", *ASTERISK[2:]), 3, "no such file"),
    (("publish", "/", *ASTERISK[2:]), 2, "cannot read /"),
]
"""Arguments, exit code, and what stderr says."""

SETTINGS: Sequence[tuple[dict[str, str], tuple[str, ...], int, str]] = [
    (
        {"LEDGER_KAFKA": "127.0.0.1:1"},
        ("trail",),
        2,
        "missing LEDGER_STORE_DSN, LEDGER_VAULT_DSN, LEDGER_KEK",
    ),
    ({"LEDGER_STORE_DSN": "host=/nowhere"}, ("digest",), 2, "missing LEDGER_KAFKA"),
    ({**NOWHERE, "LEDGER_KEK": ""}, ("seal",), 2, "missing LEDGER_KEK or LEDGER_KEK_FILE"),
    ({**NOWHERE, "LEDGER_KEK": SECRET}, ("trail",), 2, "expected 64 hexadecimal digits"),
    ({**NOWHERE, "LEDGER_KEK_FILE": "/nowhere/kek"}, ("trail",), 3, "no key-encryption key in /nowhere/kek"),
    ({"LEDGER_BATCH_SIZE_MAX": "many"}, ("digest",), 2, "LEDGER_BATCH_SIZE_MAX: "),
    ({"LEDGER_LEDGER_PARTITIONS": "1"}, ("topics",), 2, "LEDGER_LEDGER_PARTITIONS: "),
    ({"LEDGER_LEDGER_PARTITIONS": "5"}, ("topics",), 1, "another partition count"),
    ({"LEDGER_LOG_LEVEL": "loud"}, ("seal",), 2, "unknown log level"),
]
"""Environment, arguments, exit code, and what stderr says."""

AWAY: Mapping[str, tuple[str, ...]] = {
    "trail": ("trail",),
    "digest": ("digest",),
    "consent show": ("consent", "show", "--subject", NOBODY),
    "publish": ASTERISK,
    "rejected list": ("rejected", "list"),
    "replay": ("replay", "--verify"),
    "seal": ("seal",),
    "record": ("record",),
    "migrate": ("migrate",),
    "topics": ("topics",),
    "up": ("up",),
}


def together(
    home: LedgerHome, runs: Mapping[str, tuple[tuple[str, ...], Mapping[str, str]]]
) -> dict[str, Done]:
    """Runs commands side by side: most of their time is Python's start."""
    with ThreadPoolExecutor(RUNS_AT_ONCE) as pool:
        done = pool.map(lambda run: home.run(*run[0], environment=run[1]), runs.values())
        return dict(zip(runs, done, strict=True))


@pytest.fixture(scope="module", autouse=True)
def begun(home: LedgerHome) -> Iterator[dict[str, Future[tuple[float, Done]]]]:
    """Commands with neither Kafka nor PostgreSQL, begun with the module: they wait while other tests work."""

    def timed(arguments: tuple[str, ...]) -> tuple[float, Done]:
        started = time.monotonic()
        done = home.run(*arguments, environment=NOWHERE)
        return time.monotonic() - started, done

    with ThreadPoolExecutor(len(AWAY)) as pool:
        yield {name: pool.submit(timed, arguments) for name, arguments in AWAY.items()}


@pytest.fixture(scope="module")
def told(home: LedgerHome) -> LedgerHome:
    """The module's ledger with some facts in it, and something rejected."""
    with home.parts() as parts:
        good = call("call", NUMBER, "+3197010003333")
        consent: dict[str, Any] = {
            "subject_phone": NUMBER,
            "purpose": "marketing_calls",
            "category": "marketing",
        }
        publish(
            parts,
            good,
            inbox_record("consent.given", "consent", notice_hash="ab" * 32, **consent),
            good._replace(value=b"not a fact"),
        )
        settle(parts)
    return home


@pytest.fixture(scope="module")
def answers(told: LedgerHome) -> dict[str, Done]:
    """What each command answers, as text and as JSON."""
    (rejected,) = told.json("rejected", "list")["rejected"]
    runs: dict[str, Run] = {
        f"{name}{form}": (
            tuple(rejected["ledger"] if word == "REJECTED" else word for word in (*arguments, *option)),
            {},
        )
        for name, arguments in ANSWERS.items()
        for form, option in (("", ()), (" as JSON", ("--json",)))
    }
    return together(told, runs)


@pytest.mark.parametrize("command", ANSWERS)
def test_json_answer_is_exactly_one_document_on_stdout(answers: dict[str, Done], command: str) -> None:
    """Nothing before or after it, and nothing to say on stderr."""
    done = answers[f"{command} as JSON"]
    assert (done.returncode, done.stderr) == (0, b"")
    assert SAYS[command][0] == set(msgspec.json.decode(done.stdout))


@pytest.mark.parametrize("command", ANSWERS)
def test_text_answer_is_for_people(answers: dict[str, Done], command: str) -> None:
    """It says what matters, on stdout, without control characters, which are for terminals only."""
    done = answers[command]
    assert (done.returncode, done.stderr) == (0, b"")
    assert SAYS[command][1] in done.stdout.decode()
    assert b"\x1b" not in done.stdout


@pytest.fixture(scope="module")
def mistakes(told: LedgerHome) -> dict[str, Done]:
    """What each wrong call answers."""
    by_arguments: dict[str, Run] = {" ".join(arguments): (arguments, {}) for arguments, _, _ in USAGE}
    return together(told, by_arguments)


@pytest.mark.parametrize(("arguments", "expected_exit", "says"), USAGE)
def test_wrong_call_has_its_exit_code_and_says_why(
    mistakes: dict[str, Done], arguments: tuple[str, ...], expected_exit: int, says: str
) -> None:
    """Usage is 2, what is not there is 3; stdout stays empty and no traceback is shown."""
    done = mistakes[" ".join(arguments)]
    stderr = done.stderr.decode()
    assert expected_exit == done.returncode, stderr
    assert says in stderr
    assert "Traceback" not in stderr
    assert done.stdout == b"" or not arguments or arguments == ("consent",), (
        "help goes to stdout, nothing else"
    )


@pytest.fixture(scope="module")
def misconfigured(told: LedgerHome) -> list[Done]:
    """What a command says under each wrong configuration."""
    runs = {str(number): (arguments, settings) for number, (settings, arguments, _, _) in enumerate(SETTINGS)}
    return list(together(told, runs).values())


@pytest.mark.parametrize("number", range(len(SETTINGS)), ids=lambda n: " ".join(SETTINGS[n][0]))
def test_wrong_configuration_names_the_setting_and_never_its_value(
    misconfigured: list[Done], number: int
) -> None:
    """Half a configuration is refused instead of guessed; a secret is not repeated."""
    _, _, expected_exit, says = SETTINGS[number]
    done = misconfigured[number]
    stderr = done.stderr.decode()
    assert expected_exit == done.returncode, stderr
    assert says in stderr
    assert "Traceback" not in stderr
    assert SECRET not in stderr


@pytest.mark.parametrize("command", AWAY)
def test_services_away_is_exit_code_5_and_a_clear_message_in_time(
    begun: dict[str, Future[tuple[float, Done]]], command: str
) -> None:
    """A bounded retry, then what failed and what to do; no traceback, no password."""
    seconds, done = begun[command].result()
    stderr = done.stderr.decode()
    assert done.returncode == 5, stderr
    assert seconds < UNREACHABLE_S
    assert "ledger: " in stderr.splitlines()[-1]
    assert "Check" in stderr
    assert "Traceback" not in stderr
    assert SECRET not in stderr
    assert done.stdout == b""


def configured(parts: Runtime, **changes: str) -> dict[str, str]:
    """The embedded services as if they were configured, with some settings changed."""
    settings = {"KAFKA": parts.kafka, "STORE_DSN": parts.store_dsn, "VAULT_DSN": parts.vault_dsn, "KEK": KEK}
    return {f"LEDGER_{name}": value for name, value in (settings | changes).items()}


def test_wrong_kek_is_not_permitted(told: LedgerHome, parts: Runtime) -> None:
    """Whoever has the databases but not the key learns nothing, and is told what is missing."""
    environment = configured(parts)
    runs = {
        name: (arguments, environment)
        for name, arguments in {
            "find": ("trail", "--subject", f"phone:{NUMBER}"),
            "seal": ("seal",),
            "open": ("rejected", "show", "--open", told.json("rejected", "list")["rejected"][0]["ledger"]),
        }.items()
    }
    for name, done in together(told, runs).items():
        assert done.returncode == 4, name
        assert "LEDGER_KEK" in done.stderr.decode(), name
        assert KEK not in done.stderr.decode(), name
        assert done.stdout == b"", name


def test_trail_answers_without_kafka_and_without_the_kek(told: LedgerHome, parts: Runtime) -> None:
    """Auditing needs the store alone: the same answer with the broker away and another key."""
    done = told.run("trail", "--json", environment=configured(parts, KAFKA="127.0.0.1:1"))
    assert done.returncode == 0, done.stderr.decode()
    assert msgspec.json.decode(done.stdout) == told.json("trail")


def test_config_show_hides_every_secret(told: LedgerHome) -> None:
    """Whether a secret is set is shown, what it is never, neither as text nor as JSON."""
    secrets = {
        "LEDGER_STORE_DSN": f"postgresql://ledger:{SECRET}@db.example.com/ledger",
        "LEDGER_VAULT_DSN": f"host=db.example.com password={SECRET}",
        "LEDGER_KEK": KEK,
        "LEDGER_KAFKA": "kafka.example.com:9092",
    }
    runs = {"text": (("config", "show"), secrets), "json": (("config", "show", "--json"), secrets)}
    done = together(told, runs)
    for each in done.values():
        assert each.returncode == 0
        assert SECRET not in each.stdout.decode() + each.stderr.decode()
        assert KEK not in each.stdout.decode() + each.stderr.decode()
        assert "kafka.example.com:9092" in each.stdout.decode()
    shown = msgspec.json.decode(done["json"].stdout)
    assert shown["embedded"] is False
    assert {"**********"} == {shown["settings"][name] for name in secrets if name != "LEDGER_KAFKA"}


def test_version_is_printed_and_nothing_started(tmp_path: Path) -> None:
    """`--version` touches no service: not even a state directory is made."""
    nowhere = LedgerHome(tmp_path / "never")
    done = nowhere.run("--version")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().strip().replace(".", "").isdigit()
    assert not os.path.lexists(nowhere.path)
