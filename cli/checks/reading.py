"""The settings: whether they can be read, the keys among them, and what nobody reads."""

import tomllib
from collections.abc import Iterator

from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource

from cli.checks.findings import Finding, Findings, ok, warning, wrong
from cli.ending import mistakes
from settings import Settings
from storage.keys import BadKeys

OF_COMPOSE = {"domain", "postgres_password", "providers_file"}
"""What docker-compose.yml reads under our prefix, and we do not."""


def read() -> tuple[Settings | None, list[Finding]]:
    """The settings, if they can be read, and what was found in reading them."""
    try:
        settings = Settings()
    except ValidationError as fault:
        return None, [
            wrong("settings", f"{variable}: {said}", f"correct {variable}")
            for variable, said in mistakes(fault)
        ]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        said = f"FAILOVER_CONFIG: it is not TOML ({_where(fault)})"
        return None, [wrong("settings", said, "correct the file; text stands in quotes")]
    except OSError as fault:
        said = f"FAILOVER_CONFIG: the file cannot be read ({fault.strerror})"
        return None, [wrong("settings", said, "give it to the user that this runs as")]
    return settings, [ok("settings", "all of them can be read"), *_ignored(settings)]


def _where(fault: ValueError) -> str:
    return str(fault) if isinstance(fault, tomllib.TOMLDecodeError) else type(fault).__name__


def _ignored(settings: Settings) -> Iterator[Finding]:
    prefix = "failover_"
    known = set(type(settings).model_fields) | OF_COMPOSE
    for name in sorted(EnvSettingsSource(type(settings)).env_vars):
        rest = name.removeprefix(prefix)
        section = rest.partition("_")[0]
        if name.startswith(prefix) and rest not in known and section not in known:
            variable = name.upper()
            yield warning("settings", f"{variable}: no setting is called so", "correct its name")


async def keys(settings: Settings) -> Findings:
    """The master keys: there, and in their form."""
    try:
        ring = settings.keyring()
    except BadKeys as fault:
        yield wrong("keys", str(fault), "set FAILOVER_KEYS; README.md says how a key is made")
    except (OSError, ValueError):
        yield wrong(
            "keys", "the keys' file cannot be read", "let this user read FAILOVER_KEYS_FILE"
        )
    else:
        others = [each.kid for each in ring.masters if each.kid != ring.newest]
        opening = f", {', '.join(others)} beside it" if others else ""
        yield ok("keys", f"{ring.newest} seals{opening}")
        if ring.coming:
            said = f"{ring.coming} is added, and seals nothing yet"
            mend = "once every API and worker was restarted since: failover keys rotate --finish"
            yield warning("keys", said, mend)
