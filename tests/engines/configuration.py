"""What the services of a Temporal cluster on one machine are told."""

import random
import socket as sockets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.postgres import SUPERUSER
from tests.processes import HOST, ROOT

SERVICES = ("frontend", "history", "matching", "worker")
PLUGIN = "postgres12_pgx"
SHARDS = 128
DYNAMIC = ROOT / "deploy" / "temporal" / "dynamicconfig.yaml"


@dataclass(frozen=True)
class Ports:
    """Where a service answers, and where it meets the others; `http` is the frontend's alone."""

    grpc: int
    membership: int
    http: int = 0

    @classmethod
    def free(cls, service: str) -> Self:
        """Ports that nobody uses now."""
        return cls(lasting_port(), lasting_port(), lasting_port() if service == "frontend" else 0)


def lasting_port() -> int:
    """A port that no outgoing connection takes while its service is down.

    Also, the engine writes these numbers to its table of members, whose column ends at 32767.
    """
    while True:
        port = random.randrange(20000, 32000)  # noqa: S311  nothing is secret here
        with sockets.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        return port


def attributes(socket: Path) -> Mapping[str, str]:
    """How to reach the PostgreSQL server whose socket is in that directory."""
    return {"host": str(socket), "sslmode": "disable"}


def configuration(
    socket: Path, ports: Mapping[str, Ports], shards: int, dynamic: Path = DYNAMIC
) -> Mapping[str, Any]:
    """One file for all services, as the images' template would fill it."""
    return {
        "log": {"stdout": True, "level": "warn"},
        "persistence": {
            "numHistoryShards": shards,
            "defaultStore": "default",
            "visibilityStore": "visibility",
            "datastores": {
                "default": _store(socket, "temporal", 20),
                "visibility": _store(socket, "temporal_visibility", 10),
            },
        },
        "global": {"membership": {"maxJoinDuration": "30s", "broadcastAddress": HOST}},
        "services": {
            name: {
                "rpc": {
                    "grpcPort": each.grpc,
                    "membershipPort": each.membership,
                    "bindOnIP": HOST,
                    **({"httpPort": each.http} if each.http else {}),
                }
            }
            for name, each in ports.items()
        },
        "clusterMetadata": {
            "enableGlobalNamespace": False,
            "failoverVersionIncrement": 10,
            "masterClusterName": "active",
            "currentClusterName": "active",
            "clusterInformation": {
                "active": {
                    "enabled": True,
                    "initialFailoverVersion": 1,
                    "rpcName": "frontend",
                    "rpcAddress": f"{HOST}:{ports['frontend'].grpc}",
                }
            },
        },
        "dcRedirectionPolicy": {"policy": "noop"},
        "dynamicConfigClient": {"filepath": str(dynamic), "pollInterval": "60s"},
    }


def _store(socket: Path, database: str, connections: int) -> Mapping[str, Any]:
    return {
        "sql": {
            "pluginName": PLUGIN,
            "databaseName": database,
            "connectAddr": f"{HOST}:5432",  # must be said; the attribute wins
            "connectProtocol": "tcp",
            "connectAttributes": dict(attributes(socket)),
            "user": SUPERUSER,
            "password": "",
            "maxConns": connections,
            "maxIdleConns": connections,
            "maxConnLifetime": "1h",
        }
    }
