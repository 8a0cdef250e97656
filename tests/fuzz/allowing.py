"""What the document allows as a body, by a validator that knows nothing of the code."""

from typing import Any

from jsonschema_rs import Draft202012Validator


class Allowed:
    """The schemas of the request bodies, by the operation."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._validators = {
            f"{method.upper()} {path}": Draft202012Validator(
                {**content["application/json"]["schema"], "components": document["components"]}
            )
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
            if "application/json"
            in (content := operation.get("requestBody", {}).get("content", {}))
        }

    def __call__(self, operation: str, body: Any) -> bool:
        """Whether the operation's body may be that."""
        return self._validators[operation].is_valid(body)
