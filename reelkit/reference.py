"""The brand reference, written from the schema: ``python -m reelkit.reference > docs/brand.md`` (or ``make docs``)."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

from reelkit.brand import brand_schema

__all__ = ["brand_reference"]

_HEAD = """# What a brand file may say

A brand lives in `templates/brands/<slug>.yaml`. This page is written from the schema (`reelkit brands schema`, `make docs`); every field
that is left out keeps its default, a field of captions what their preset in `templates/styles/` says. Paths are relative to the brand file.
`reelkit brands` checks all files and says file, line and field of whatever is wrong; `reelkit make --set group.field=value` changes a field
for one reel, `--set group.field=` empties it.
"""


def brand_reference() -> str:
    """Return the reference as Markdown: a table of fields for each group."""
    schema = brand_schema()
    parts = [_HEAD, "## The brand itself\n", *_table(schema, schema)]
    for name, field in schema["properties"].items():
        group = _resolved(field, schema)
        if "properties" in group:
            parts += [f"## `{name}`\n", f"{group['description']}\n", *_table(group, schema, prefix=f"{name}.")]
    return "\n".join(parts)


def _table(group: dict[str, Any], schema: dict[str, Any], prefix: str = "") -> Iterator[str]:
    yield "| field | takes | default | what it is |\n|---|---|---|---|"
    required = group.get("required", ())
    for name, field in group["properties"].items():
        if "properties" not in _resolved(field, schema):
            default = "*required*" if name in required else _code(field.get("default"))
            yield f"| `{prefix}{name}` | {_takes(_resolved(field, schema))} | {default} | {_cell(field.get('description', ''))} |"
    yield ""


def _resolved(field: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = str(field.get("$ref", "")).rpartition("/")[2]
    found: dict[str, Any] = schema["$defs"][name] if name else field
    if "$ref" in found.get("items", {}):
        found = found | {"items": _resolved(found["items"], schema)}
    return found


def _takes(field: dict[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_takes(each) for each in field["anyOf"]))
    if "enum" in field:
        return ", ".join(_code(each) for each in field["enum"])
    if "const" in field:
        return _code(field["const"])
    kind = field.get("type", "")
    if "properties" in field:
        return "`{" + ", ".join(field["properties"]) + "}`"
    if kind == "array":
        return f"list of {_takes(field['items'])}" if "items" in field else "list"
    if kind == "string":
        return "`#RRGGBB`" if str(field.get("pattern", "")).startswith("^#") else "path" if field.get("format") == "path" else "text"
    words = {"boolean": "true or false", "integer": "whole number", "number": "number", "null": "nothing"}
    return str(words.get(kind, kind)) + _bounds(field)


def _bounds(field: dict[str, Any]) -> str:
    low, high = field.get("minimum"), field.get("maximum")
    if low is not None and high is not None:
        return f", {low:g} to {high:g}"
    if low is not None:
        return f", at least {low:g}"
    if "exclusiveMinimum" in field:
        return f", more than {field['exclusiveMinimum']:g}"
    return "" if high is None else f", at most {high:g}"


def _code(value: object) -> str:
    if value in (None, "", [], {}):
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"`{text}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(brand_reference())
