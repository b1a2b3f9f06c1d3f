"""The fields of a brand as controls: what kind each is, its bounds, its choices and what it is for, all from the brand's schema."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from reelkit.brand import Brand, brand_schema, templates_dir
from reelkit.model import Palette

__all__ = ["GROUPS", "PICTURE_GROUPS", "Field", "Group", "groups_of", "value_of"]

PICTURE_GROUPS = ("captions", "palette", "fonts", "motion", "overlays", "safe_zone")
"""Groups of fields that change what is seen, and nothing else."""
GROUPS = (*PICTURE_GROUPS, "voice", "music", "footage")


class Field(TypedDict):
    """A field as a control; ``name`` is dotted, as in a brand file."""

    name: str
    label: str
    kind: str
    hint: str
    low: NotRequired[float]
    high: NotRequired[float]
    step: NotRequired[float]
    choices: NotRequired[list[str]]
    optional: NotRequired[bool]


class Group(TypedDict):
    """A group of fields, as in a brand file."""

    name: str
    label: str
    fields: list[Field]


def groups_of(names: Sequence[str]) -> list[Group]:
    """Return groups of a brand's fields as controls.

    Parameters
    ----------
    names : sequence of str
        Of groups: ``"captions"``.

    Examples
    --------
    >>> [field["kind"] for field in groups_of(["motion"])[0]["fields"]]
    ['switch', 'choice', 'range', 'switch']
    """
    schema = brand_schema()
    return [_group(name, schema) for name in names]


def value_of(brand: Brand, name: str, changes: Mapping[str, Any]) -> Any:
    """Return what a field says: as changed, else as its file or the caption preset writes it, else its default.

    Parameters
    ----------
    brand : Brand
        With the changes.
    name : str
        Dotted.
    changes : mapping
    """
    if name in changes:
        return changes[name]
    said = brand.said(name, preset=changes.get("captions.preset", ""))
    return list(said) if isinstance(said, tuple) else str(said) if isinstance(said, Path) else said


def _group(name: str, schema: Mapping[str, Any]) -> Group:
    told = schema["$defs"][schema["properties"][name]["$ref"].rpartition("/")[2]]
    fields = [_field(name, key, rule, schema) for key, rule in told["properties"].items()]
    return {"name": name, "label": _label(name), "fields": fields}


def _field(group: str, key: str, rule: Mapping[str, Any], schema: Mapping[str, Any]) -> Field:
    name = f"{group}.{key}"
    field: Field = {"name": name, "label": _label(key), "kind": "text", "hint": str(rule.get("description", ""))}
    options = list(rule.get("anyOf", [rule]))
    if any(option.get("type") == "null" for option in options):
        field["optional"] = True
    kind = next(option for option in options if option.get("type") != "null")
    if "$ref" in kind:
        kind = schema["$defs"][kind["$ref"].rpartition("/")[2]]
    choices = _choices(name)
    if group == "palette" or (key.endswith("colour") and "pattern" in kind):
        field["kind"] = "colour"
        field["choices"] = [] if group == "palette" else list(Palette.model_fields)
    elif kind.get("type") == "boolean":
        field["kind"] = "switch"
    elif kind.get("type") in ("integer", "number"):
        field |= _number(kind)
    elif kind.get("type") == "array":
        items = kind["items"]
        if "$ref" in items:
            items = schema["$defs"][items["$ref"].rpartition("/")[2]]
        field["kind"] = "order" if "enum" in items else "list"
        field["choices"] = [str(one) for one in items.get("enum", [])]
    elif "enum" in kind:
        field["kind"] = "choice"
        field["choices"] = [str(one) for one in kind["enum"]]
    elif choices:
        field["kind"] = "choice" if name == "captions.preset" else "suggested"
        field["choices"] = choices
    return field


def _number(kind: Mapping[str, Any]) -> Any:
    low = float(kind.get("minimum", kind.get("exclusiveMinimum", 0)))
    high = kind.get("maximum")
    whole = kind["type"] == "integer"
    found: dict[str, Any] = {"kind": "number" if high is None else "range", "low": low, "step": 1 if whole else 0.01}
    if high is not None:
        found["high"] = float(high)
        span = float(high) - low
        found["step"] = (1 if span < 400 else 10) if whole else (0.01 if span < 5 else 0.1)
    return found


def _choices(name: str) -> list[str]:
    if name == "captions.preset":
        return sorted(path.stem for path in (templates_dir() / "styles").glob("*.yaml"))
    return list(_families()) if name in ("captions.font", "fonts.title") else []


@functools.cache
def _families() -> tuple[str, ...]:
    from reelkit.media.fonts import families

    return tuple(families())


def _label(key: str) -> str:
    """Return a field's name for people.

    Examples
    --------
    >>> _label("size_px"), _label("max_chars_per_s"), _label("under_voice_db")
    ('Size (px)', 'Max chars per s', 'Under voice (dB)')
    """
    name, _, unit = key.rpartition("_")
    known = {"px": "px", "ms": "ms", "db": "dB", "bpm": "bpm", "em": "em", "s": "s"}
    unit = known.get(unit, "") if name and not name.endswith("_per") else ""
    return (name if unit else key).replace("_", " ").capitalize() + (f" ({unit})" if unit else "")
