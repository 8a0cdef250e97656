"""deploy/providers.toml with everything in it in force."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from providers.configuration import Configuration
from settings import Settings

FILE = Path(__file__).parent.parent / "deploy" / "providers.toml"

LINE = re.compile(r"^#(?! |$)(.*)$", re.MULTILINE)
"""A setting, or the beginning of a section; what explains begins with # and a space."""


def uncommented() -> str:
    """Its text with every setting, and a real key where one is needed."""
    text = LINE.sub(r"\1", FILE.read_text(encoding="utf-8"))
    return text.replace("'''CHANGE-ME'''", f"'''{_pem()}'''")


def _pem() -> str:
    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def everything(directory: Path) -> Path:
    """A file with that text."""
    file = directory / "providers.toml"
    file.write_text(uncommented(), encoding="utf-8")
    return file


def sections() -> Mapping[str, type[Configuration]]:
    """Each provider's settings, by the name of its section."""
    return {
        name: kind
        for name, field in Settings.model_fields.items()
        for kind in get_args(field.annotation)
        if isinstance(kind, type) and issubclass(kind, Configuration)
    }
