"""What must hold of docker-compose.yml and its files, checked without a Docker engine."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from api import limits
from settings import Settings

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
JOBS = {"temporal-schema", "temporal-namespace", "bootstrap"}
OFF = {
    "FAILOVER_HELD_PATCHES",
    "FAILOVER_RATE_LIMIT",
    "FAILOVER_TOKEN_RATE_LIMIT",
    "FAILOVER_EGRESS_ALLOW_CIDRS",
}
OURS = {"api", "worker", "bootstrap", "sandbox"}

every_service = pytest.mark.parametrize("name", sorted(SERVICES))


def example() -> dict[str, str]:
    """Return the variables of .env.example with their values."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if re.match(r"[A-Z_]+=", line))
    return {name: value for name, _, value in pairs}


def volumes(service: dict[str, Any]) -> list[str]:
    """Return what a service mounts where `.env` changes nothing."""
    return [re.sub(r"\$\{[A-Z_]+:-([^}]*)\}", r"\1", each) for each in service.get("volumes", [])]


def mounts(service: dict[str, Any]) -> list[Path]:
    """Return what it mounts from the repository."""
    sources = [volume.split(":")[0] for volume in volumes(service)]
    return [ROOT / source for source in sources if source.startswith("./")]


@every_service
def test_every_image_is_pinned_to_a_version(name: str) -> None:
    """The same file starts the same programs next year; ours alone is built here."""
    image, _, tag = str(SERVICES[name]["image"]).partition(":")
    if name in OURS:
        assert (image, tag) == ("failover", "local")
    else:
        assert re.fullmatch(r"\d+\.\d+(\.\d+)?", tag), f"{image} is not pinned: {tag!r}"


def test_the_engine_and_its_tools_are_of_one_version() -> None:
    """A schema made by other tools than the server's may be one it does not know."""
    server = SERVICES["temporal"]["image"].partition(":")[2]
    for job in ("temporal-schema", "temporal-namespace"):
        assert SERVICES[job]["image"] == f"temporalio/admin-tools:{server}"


@every_service
def test_every_service_is_a_job_or_is_started_again(name: str) -> None:
    """A job ends and is retried a few times; anything else comes back by itself."""
    expected = "on-failure:5" if name in JOBS else "unless-stopped"
    assert SERVICES[name]["restart"] == expected


@every_service
def test_what_others_wait_for_can_say_that_it_is_ready(name: str) -> None:
    """Healthy needs a health check, completed needs a job, and both need to exist."""
    for other, wait in SERVICES[name].get("depends_on", {}).items():
        if wait["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[other]
        else:
            assert wait["condition"] == "service_completed_successfully"
            assert other in JOBS


@every_service
def test_every_service_runs_confined(name: str) -> None:
    """No capabilities, no new privileges, logs that end, memory that ends."""
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert set(service.get("cap_add", [])) <= {"NET_BIND_SERVICE"}
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["init"] is True
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}
    assert service["deploy"]["resources"]["limits"]["memory"]
    assert service.get("read_only", False) or name == "temporal-ui"


def test_only_the_proxy_can_be_reached_from_outside() -> None:
    """Whoever reaches Temporal can say "Delivered"; whoever reaches PostgreSQL can read."""
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published.pop("proxy") == ["80:80", "443:443"]
    for name, ports in published.items():
        assert all(port.startswith("127.0.0.1:") for port in ports), name
    assert not {"postgres", "temporal"} & set(published)
    assert not re.search(r"\b(7233|5432):", "".join(sum(published.values(), [])))


def test_the_databases_network_leads_nowhere() -> None:
    """Neither the proxy nor the sandbox stands in it."""
    assert COMPOSE["networks"]["backend"] == {"internal": True}
    assert SERVICES["postgres"]["networks"] == SERVICES["temporal"]["networks"] == ["backend"]
    assert SERVICES["proxy"]["networks"] == SERVICES["sandbox"]["networks"] == ["edge"]


@every_service
def test_no_secret_stands_in_the_file(name: str) -> None:
    """What is a secret comes from the environment, and nothing starts without it."""
    for variable, value in SERVICES[name].get("environment", {}).items():
        if variable not in OFF and re.search(
            r"PASSWORD|PWD|KEYS|SECRET|TOKEN|DATABASE_URL", variable
        ):
            assert re.search(r"\$\{[A-Z_]+:\?[^}]+\}", value), variable


def test_the_sandbox_is_given_no_secret() -> None:
    """It stands for somebody else's service."""
    names = SERVICES["sandbox"]["environment"]
    assert not [name for name in names if re.search(r"KEYS|DATABASE|PASSWORD", name)]


def test_every_setting_of_ours_is_one_that_is_read() -> None:
    """A misspelt variable would be ignored without a word."""
    known = {f"FAILOVER_{name.upper()}" for name in Settings.model_fields}
    for name in OURS:
        given = {key for key in SERVICES[name]["environment"] if key.startswith("FAILOVER_")}
        assert given <= known


def test_the_worker_and_the_sandbox_agree_on_repeated_references() -> None:
    """A worker that believes in a provider's deduplication sends a second time."""
    worker, sandbox = (SERVICES[name]["environment"] for name in ("worker", "sandbox"))
    assert worker["FAILOVER_SANDBOX_DEDUPES"] == sandbox["FAILOVER_SANDBOX_DEDUPES"]


def test_every_variable_of_the_file_is_explained_and_no_other() -> None:
    """`.env.example` is complete, and what it names has an effect."""
    assert set(re.findall(r"\$\{([A-Z_]+)", TEXT)) == set(example())


def test_what_is_required_has_no_value_in_the_example() -> None:
    """A password that stands in a repository would be used."""
    required = set(re.findall(r"\$\{([A-Z_]+):\?", TEXT))
    empty = {name for name, value in example().items() if not value}
    assert required == empty - {"FAILOVER_DOMAIN"} - OFF


def test_the_examples_values_are_the_files_own_defaults() -> None:
    """So that a line left out of `.env` changes nothing."""
    defaults = dict(re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", TEXT))
    defaults["FAILOVER_DOMAIN"] = ""
    assert {name: value for name, value in example().items() if value or name in defaults} == (
        defaults
    )


@every_service
def test_what_is_mounted_exists_and_is_mounted_to_be_read(name: str) -> None:
    """Docker would make a directory in the place of a file that is not there."""
    service = SERVICES[name]
    for path in mounts(service):
        assert path.is_file(), path
    for volume in volumes(service):
        assert volume.endswith(":ro") or not volume.startswith("./")


def test_who_reads_the_settings_is_given_the_providers_file() -> None:
    """At the address that FAILOVER_CONFIG names; the sandbox is given none of it."""
    for name in OURS:
        given = SERVICES[name]["environment"].get("FAILOVER_CONFIG")
        mounted = [volume.split(":")[1] for volume in volumes(SERVICES[name])]
        assert mounted == ([] if name == "sandbox" else [given])


def test_a_copy_of_the_providers_file_stays_out_of_repository_and_image() -> None:
    """It holds secrets."""
    kept_out = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {"/providers.toml", "/.env"} <= set(kept_out)
    assert (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()[1] == "*"
    user = re.findall(r"^USER (\d+)", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)[0]
    assert f"chown {user} " in (ROOT / ".env.example").read_text(encoding="utf-8")


def test_the_server_reads_the_dynamic_configuration_that_is_mounted() -> None:
    """Without the file it would start with a warning and no fairness."""
    path = SERVICES["temporal"]["environment"]["DYNAMIC_CONFIG_FILE_PATH"]
    assert f"./deploy/temporal/dynamicconfig.yaml:{path}:ro" in SERVICES["temporal"]["volumes"]


def test_the_number_of_shards_is_chosen() -> None:
    """The server's own default is 4, and it can never be changed."""
    assert SERVICES["temporal"]["environment"]["NUM_HISTORY_SHARDS"] == "512"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("matching.enableFairness", True),
        ("matching.backlogNegligibleAge", "1s"),
        ("limit.maxIDLength", 255),
        ("frontend.namespaceRPS.visibility", 50),
    ],
)
def test_the_engine_is_configured_as_it_was_measured(setting: str, value: object) -> None:
    """Accounts share the workers, new flows do not starve, ids fit their column."""
    path = ROOT / "deploy/temporal/dynamicconfig.yaml"
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert config[setting] == [{"value": value}]


def test_the_image_holds_every_package_of_the_project() -> None:
    """`.dockerignore` names what goes in; a new package must be named too."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    included = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert included == {*packages, "README.md", "pyproject.toml", "requirements/run.txt"}


def test_the_image_runs_as_nobody_in_particular() -> None:
    """A fixed number, and not root's."""
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"^USER (\S+)$", dockerfile, re.MULTILINE) == ["10001:10001"]
    assert "--require-hashes" in dockerfile


def test_prometheus_finds_both_ports_of_both_processes() -> None:
    """The example scrapes what the file exposes, and nothing of it is published."""
    path = ROOT / "deploy/prometheus.yml"
    scraped: dict[str, tuple[list[str], int]] = {
        job["job_name"]: (dns["names"], dns["port"])
        for job in yaml.safe_load(path.read_text(encoding="utf-8"))["scrape_configs"]
        for dns in job["dns_sd_configs"]
    }
    settings = SERVICES["api"]["environment"]
    assert SERVICES["worker"]["environment"] == settings
    assert scraped == {
        "failover": (["api", "worker"], int(settings["FAILOVER_METRICS_PORT"])),
        "temporal-sdk": (["api", "worker"], int(settings["FAILOVER_TEMPORAL_METRICS_PORT"])),
    }
    assert "ports" not in SERVICES["api"] | SERVICES["worker"]


def test_the_proxy_is_believed_and_its_limits_are_wider() -> None:
    """Clients are told apart by their own addresses, and read the API's own refusals."""
    caddy = (ROOT / "deploy/proxy/Caddyfile").read_text(encoding="utf-8")
    assert SERVICES["api"]["environment"]["FAILOVER_TRUSTED_PROXIES"]
    assert "trusted_proxies" not in caddy  # or clients could write the header themselves
    assert "max_size 1MiB" in caddy
    assert int(re.findall(r"read_body (\d+)s", caddy)[0]) > limits.DEADLINE
    assert "read_header 5s" in caddy
