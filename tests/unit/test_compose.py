"""docker-compose.yml, Dockerfile and what they mount: checked as files, since no Docker engine is at hand."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import msgspec.yaml
import pytest

from ledger.config import Settings

ROOT = Path(__file__).resolve().parents[2]
OURS = ("migrate", "sealer", "recorder", "scheduler")
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}
LEDGER_UID = "10001"

Document = Mapping[str, Any]
"""YAML as parsed: only a schema of Compose itself would know more of it."""


@pytest.fixture(scope="module")
def compose() -> Document:
    """The file as Compose reads it, merge keys applied, variables as they stand."""
    pytest.importorskip("yaml", reason="pyyaml, of the extra dev, is not installed")
    document: Document = msgspec.yaml.decode((ROOT / "docker-compose.yml").read_bytes())
    return document


@pytest.fixture(scope="module")
def services(compose: Document) -> Mapping[str, Document]:
    """Its services by name."""
    found: Mapping[str, Document] = compose["services"]
    return found


def lines_of(file: str) -> list[str]:
    """A file's lines without comments; continued lines as one."""
    text = (ROOT / file).read_text(encoding="utf-8").replace("\\\n", " ")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def texts(value: object) -> Iterator[str]:
    """Every string in a document, keys among them."""
    match value:
        case str():
            yield value
        case dict():
            for key, inner in value.items():
                yield from (*texts(key), *texts(inner))
        case list():
            for inner in value:
                yield from texts(inner)


def test_every_service_is_there(services: Mapping[str, Document]) -> None:
    """Kafka, PostgreSQL and the three commands."""
    assert {"kafka", "postgres", *OURS} == set(services)


def test_top_level_has_only_what_compose_knows(compose: Document) -> None:
    """A misspelt section would be ignored or refused."""
    known = {"name", "services", "volumes", "secrets"}
    assert known == {key for key in compose if not key.startswith("x-")}


def test_dependencies_name_services_and_conditions(services: Mapping[str, Document]) -> None:
    """A service waits for one that exists, in a way that exists; a health check backs `service_healthy`."""
    for service in services.values():
        for name, how in service.get("depends_on", {}).items():
            assert how["condition"] in CONDITIONS
            if how["condition"] == "service_healthy":
                assert services[name]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", ["sealer", "recorder", "scheduler"])
def test_loops_start_after_migration(services: Mapping[str, Document], name: str) -> None:
    """A loop refuses tables that are not up to date, so it waits; and it is started again when it ends."""
    assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert services[name]["restart"] == "unless-stopped"


def test_migration_runs_once_with_topics_and_tables(services: Mapping[str, Document]) -> None:
    """It must end with 0 for the others to start: restarting it would hide that it did not."""
    migrate = services["migrate"]
    assert migrate["entrypoint"][-1] == "ledger topics && ledger migrate"
    assert migrate["restart"] == "no"
    assert set(migrate["depends_on"]) == {"kafka", "postgres"}


@pytest.mark.parametrize("name", OURS)
def test_environment_names_settings_that_exist(services: Mapping[str, Document], name: str) -> None:
    """A misspelt variable would leave a default in force without a word."""
    known = {f"LEDGER_{field.upper()}" for field in Settings.model_fields}
    assert set(services[name]["environment"]) <= known


@pytest.mark.parametrize("name", OURS)
def test_services_are_configured_whole(services: Mapping[str, Document], name: str) -> None:
    """With one of the four missing the program would refuse, with none it would start embedded services."""
    needed = {"LEDGER_KAFKA", "LEDGER_STORE_DSN", "LEDGER_VAULT_DSN", "LEDGER_KEK_FILE"}
    assert needed <= set(services[name]["environment"])


def test_settings_can_be_read(services: Mapping[str, Document], monkeypatch: pytest.MonkeyPatch) -> None:
    """The program accepts these values."""
    for name in list(os.environ):
        if name.startswith("LEDGER_"):
            monkeypatch.delenv(name)
    for name, value in services["sealer"]["environment"].items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert not settings.embedded
    assert settings.kek_file == Path("/run/secrets/kek")


@pytest.mark.parametrize("name", OURS)
def test_key_encryption_key_is_a_secret(
    compose: Document, services: Mapping[str, Document], name: str
) -> None:
    """It comes from a file and never stands in the environment."""
    assert services[name]["secrets"] == ["kek"]
    assert set(compose["secrets"]["kek"]) == {"file"}
    assert "LEDGER_KEK" not in services[name]["environment"]


def test_no_password_stands_in_the_file(compose: Document) -> None:
    """Each comes from outside, and its absence stops Compose with a message."""
    written = [text for text in texts(compose) if "password=" in text]
    assert written
    assert all(re.search(r"password=\$\{LEDGER_[A-Z]+_PASSWORD:\?", text) for text in written)
    postgres = compose["services"]["postgres"]["environment"]
    passwords = {name: value for name, value in postgres.items() if name.endswith("PASSWORD")}
    assert {"POSTGRES_PASSWORD", "LEDGER_STORE_PASSWORD", "LEDGER_VAULT_PASSWORD"} == set(passwords)
    assert all(value.startswith(f"${{{name}:?") for name, value in passwords.items())


def test_store_and_vault_are_two_databases_with_two_roles(services: Mapping[str, Document]) -> None:
    """What can be forgotten is not joined to what is kept."""
    environment = services["sealer"]["environment"]
    assert "dbname=ledger user=ledger_store" in environment["LEDGER_STORE_DSN"]
    assert "dbname=vault user=ledger_vault" in environment["LEDGER_VAULT_DSN"]


def test_ports_are_published_on_loopback_only(services: Mapping[str, Document]) -> None:
    """A bare port would listen on every address of the host."""
    for service in services.values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_state_is_on_named_volumes(compose: Document, services: Mapping[str, Document]) -> None:
    """The log and the databases outlive their containers."""
    mounted = [volume.split(":")[0] for service in services.values() for volume in service.get("volumes", [])]
    assert set(compose["volumes"]) == {name for name in mounted if not name.startswith(".")}
    assert all((ROOT / name).is_file() for name in mounted if name.startswith("."))


def test_kafka_keeps_its_log_on_its_volume(services: Mapping[str, Document]) -> None:
    """The image's default is a temporary directory."""
    kafka = services["kafka"]
    assert kafka["volumes"] == [f"kafka-data:{kafka['environment']['KAFKA_LOG_DIRS']}"]


def test_kafka_listeners_agree(services: Mapping[str, Document]) -> None:
    """Each listener has a protocol, and each but the controller's an address that clients can reach."""
    environment = services["kafka"]["environment"]
    listeners = {entry.split("://")[0] for entry in environment["KAFKA_LISTENERS"].split(",")}
    advertised = {entry.split("://")[0] for entry in environment["KAFKA_ADVERTISED_LISTENERS"].split(",")}
    protocols = {
        entry.split(":")[0] for entry in environment["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(",")
    }
    assert listeners == protocols
    assert listeners - {environment["KAFKA_CONTROLLER_LISTENER_NAMES"]} == advertised
    assert services["sealer"]["environment"]["LEDGER_KAFKA"] in environment["KAFKA_ADVERTISED_LISTENERS"]


def test_images_are_pinned(services: Mapping[str, Document]) -> None:
    """A version, never `latest`."""
    for service in services.values():
        assert re.fullmatch(r"[a-z/-]+:\d[\w.-]*", service["image"])


def test_image_runs_as_the_user_the_secret_belongs_to() -> None:
    """Not root, and the uid that docs/operations.md gives the KEK to."""
    lines = lines_of("Dockerfile")
    assert f"USER {LEDGER_UID}:{LEDGER_UID}" in lines
    assert lines.index(f"USER {LEDGER_UID}:{LEDGER_UID}") > max(
        number for number, line in enumerate(lines) if line.startswith("RUN")
    )
    assert f"chown {LEDGER_UID}:{LEDGER_UID}" in (ROOT / "docs/operations.md").read_text(encoding="utf-8")


def test_image_installs_from_the_lock_with_hashes() -> None:
    """Dependencies are those of the lock, byte for byte."""
    installs = [line for line in lines_of("Dockerfile") if "pip install" in line]
    assert "--require-hashes" in installs[0]
    assert installs[0].endswith("-r requirements.lock")
    assert all("--require-hashes" in line or "--no-deps" in line for line in installs)


def test_image_copies_only_what_the_context_lets_through() -> None:
    """The context leaves everything out and names what it lets through, so that no secret gets in."""
    ignore = lines_of(".dockerignore")
    let_through = {line[1:] for line in ignore if line.startswith("!")}
    copied = {
        source
        for line in lines_of("Dockerfile")
        if line.startswith("COPY") and "--from" not in line
        for source in line.split()[1:-1]
    }
    assert ignore[0] == "*"
    assert let_through == copied
    assert all((ROOT / source).exists() for source in copied)


def test_secrets_are_kept_out_of_git() -> None:
    """Whatever is put into deploy/secrets stays out of a commit."""
    assert lines_of("deploy/secrets/.gitignore") == ["*", "!.gitignore"]


def test_example_environment_has_every_variable() -> None:
    """Whoever copies it sees all there is to fill in."""
    asked = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text(encoding="utf-8")))
    given = {line.split("=")[0] for line in lines_of("deploy/env.example")}
    assert asked == given


@pytest.mark.skipif(sys.platform == "win32", reason="needs bash")
def test_init_script_is_executable_and_parses() -> None:
    """The image sources a script that is not executable, and then `set -e` would end the image's own."""
    script = ROOT / "deploy/postgres-init.sh"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", str(script)], check=True)


def _compose_missing(docker: str) -> bool:
    return bool(subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode)


def test_docker_compose_accepts_the_file(tmp_path: Path) -> None:
    """Compose itself reads it, where its client is installed; this needs no engine."""
    docker = shutil.which("docker")
    if docker is None or _compose_missing(docker):
        pytest.skip("the client of Docker Compose is not installed")
    env_file = tmp_path / "env"
    env_file.write_text("".join(f"{line}x\n" for line in lines_of("deploy/env.example")), encoding="utf-8")
    done = subprocess.run(
        [docker, "compose", "--env-file", str(env_file), "config", "--format", "json"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    assert set(json.loads(done.stdout)["services"]) == {"kafka", "postgres", *OURS}
