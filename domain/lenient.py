"""What the JSON schema of a request says of its leniencies (contract.md §2, §12).

Clients generate code from it: in each `anyOf` the canonical form comes first.
"""

from collections.abc import Callable, Iterable
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, JsonValue, RootModel
from pydantic_core import CoreSchema, core_schema

Schema = dict[str, Any]

BLANK = r"^[\s\x1c-\x1f\x85]*$"
NUMBER = r"[+-]?[0-9]{1,20}(\.[0-9]{1,20})?"


class Blank(
    RootModel[
        None
        | Annotated[str, Field(pattern=BLANK)]
        | Annotated[list[None], Field(max_length=0)]
        | dict[str, "Blank"]
    ]
):
    """Counts as absent: null, a blank text, an empty list, an object of nothing else."""


def in_any_case(words: Iterable[str]) -> str:
    """The words as a pattern that every dialect of regular expressions reads alike."""

    def either(letter: str) -> str:
        return f"[{letter.upper()}{letter.lower()}]" if letter.isalpha() else letter

    return "|".join("".join(map(either, word)) for word in words)


def text(pattern: str) -> Schema:
    """The schema of a text that is nothing but the pattern."""
    return {"type": "string", "pattern": f"^({pattern})$"}


def _as_text(form: Schema) -> Schema | None:
    match form.get("type"):
        case "boolean":
            return text(in_any_case(("true", "false")))
        case "integer" if form.get("minimum", 0) >= 1:
            return text(r"\+?0*[1-9][0-9]{0,19}(\.0{1,20})?")
        case "integer" | "number":
            return text(NUMBER)
        case _:
            return None


def words(allowed: Iterable[str], absent: Schema) -> Schema:
    """The schema of some of the words: a list, or a text with commas, in any case."""
    known = list(allowed)
    word = in_any_case(known)
    slot = rf"\s*(({word})\s*)?"  # in which nothing can be read in two ways
    return {
        "anyOf": [
            {"type": "array", "items": {"anyOf": [{"enum": known}, text(word)]}},
            {**text(f"{slot}(,{slot})*"), "examples": [",".join(known)]},
            absent,
        ]
    }


class Also:
    """Annotates a member that is read in further forms, with their schemas."""

    def __init__(self, *forms: JsonValue) -> None:
        self._forms = forms

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> Schema:
        """The canonical form, then the others; answers have only the canonical one."""
        described = handler(schema)
        if handler.mode == "serialization":
            return described
        return {"anyOf": [described, *self._forms]}


class Alone:
    """Annotates a list that is also read from its one element, or from nothing."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> Schema:
        """The list, then its element."""
        listed = handler(schema)
        return {"anyOf": [listed, listed["items"], blank(handler)]}


class AnyCase:
    """Annotates a word that is read in any case: `spelled` makes it canonical."""

    def __init__(self, spelled: Callable[[str], Any]) -> None:
        self._spelled = spelled

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Validates what `spelled` makes of a text."""

        def spelled(word: Any) -> Any:
            return self._spelled(word) if isinstance(word, str) else word

        return core_schema.no_info_before_validator_function(spelled, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> Schema:
        """The words, then the same in any case; answers have only the words."""
        described = handler(schema)
        if handler.mode == "serialization":
            return described
        words = handler.resolve_ref_schema(described)
        pattern = in_any_case(words["enum"] if "enum" in words else [words["const"]])
        return {"anyOf": [described, text(pattern)]}


def blank(handler: GetJsonSchemaHandler) -> Schema:
    """The schema of what counts as absent."""
    return handler(Blank.__pydantic_core_schema__)


def tolerate(described: Schema, handler: GetJsonSchemaHandler) -> None:
    """Add to the schema of a request's model what its members are read from besides."""
    body = handler.resolve_ref_schema(described)
    required = body.get("required", ())
    for name, member in body.get("properties", {}).items():
        body["properties"][name] = _tolerant(member, [] if name in required else [blank(handler)])


def respell(body: Schema, absent: Schema, *names: str) -> None:
    """Say of a required list of one that it may stand alone, and under each of the names.

    The first that is not blank is read: what stands under a later one is then as good as unknown.
    """
    canonical, *others = names
    members = body["properties"]
    listed = members[canonical]
    members[canonical] = {"anyOf": [listed["items"], listed, absent]}
    for name in others:
        members[name] = {"description": f"Another spelling of {canonical}"}
    body["required"].remove(canonical)
    body["anyOf"] = [{"required": [name]} for name in names]


_NOTES = ("title", "description", "default", "examples")


def _tolerant(member: Schema, absent: list[Schema]) -> Schema:
    notes = {key: member[key] for key in _NOTES if key in member}
    said = {key: value for key, value in member.items() if key not in _NOTES}
    forms = said["anyOf"] if said.keys() == {"anyOf"} else [said]
    forms = [form for form in forms if form != {"type": "null"}]
    types = {form.get("type") for form in forms}
    if types == {"number", "string"}:  # a Decimal, whose texts are more than we read
        forms = [form for form in forms if form["type"] == "number"]
    forms += list(filter(None, map(_as_text, forms)))
    if not absent and types == {"string"} and forms[0].keys() <= {"type", "maxLength"}:
        forms = [{**forms[0], "minLength": 1}]
    forms += absent
    return {**notes, **(forms[0] if len(forms) == 1 else {"anyOf": forms})}
