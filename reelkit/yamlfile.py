"""The one door for YAML: a file is read into a value, or one line per problem says where it is wrong."""

from __future__ import annotations

import difflib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.constructor import ConstructorError, RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from reelkit.errors import BrandError, without_keys
from reelkit.whole import write_whole
from reelkit.yaml_text import line_end_of, with_field

__all__ = ["change_yaml", "field_at", "one_line", "place_of", "problems_of", "read_value", "read_yaml", "shown_path", "value_typed"]

V = TypeVar("V", bound=BaseModel)
_NAMED = 8
"""Neighbours of a missing file that are told."""
_COLOUR_IN_QUOTES = 'it must be a colour in quotes, such as "#C8742B", as # alone begins a comment'
_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


def shown_path(path: Path) -> str:
    """Return a path as a person would type it: relative to the working directory where it lies below it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


class _Constructor(RoundTripConstructor):
    """Tells the line of what looks like a value and is none, such as a date that no calendar has: of these the library tells nothing."""

    def construct_non_recursive_object(self, node: Any, tag: str | None = None) -> Any:
        try:
            return super().construct_non_recursive_object(node, tag)
        except (ValueError, LookupError, ArithmeticError):
            problem = f"{_shown(node.value)} looks like a date or a number that there is not; put it in quotes to have it as text"
            raise ConstructorError(None, None, problem, node.start_mark) from None


def read_yaml(path: Path, *, what: str, quotes: bool = False) -> Any:
    """Read a YAML file, keeping the line of every field.

    Parameters
    ----------
    path : Path
    what : str
        What the file is, as it begins the error line: ``"brand 'northwind'"``.
    quotes : bool
        Keep which texts stand in quotes, to write them back alike.

    Returns
    -------
    dict
        A round-trip mapping (its ``lc`` knows lines).

    Raises
    ------
    BrandError
        When the file is missing, is not UTF-8, is not YAML, holds a date that no calendar has or a colour without quotes, or is not a
        mapping.
    """
    where = shown_path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        others = sorted(other.stem for other in path.parent.glob("*.yaml"))
        near = [other for other in others if other.startswith(path.stem)] or difflib.get_close_matches(path.stem, others, n=1)
        if near:
            hint = f"; did you mean '{near[0]}'?"
        elif others:
            more = ", ..." if len(others) > _NAMED else ""
            hint = f"; there {'is' if len(others) == 1 else 'are'} {', '.join(others[:_NAMED])}{more}"
        else:
            hint = ""
        raise BrandError(f"{what}: there is no file {where}{hint}") from None
    except UnicodeDecodeError as error:
        raise BrandError(f"{what}: {where} is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise BrandError(f"{what}: {where} cannot be read: {error.strerror}") from None
    try:
        yaml = YAML(typ="rt")
        yaml.Constructor = _Constructor
        yaml.preserve_quotes = quotes
        data = yaml.load(text)
    except MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise BrandError(f"{what}: not valid YAML: {error.problem or error.context} ({where}{line})") from None
    except YAMLError as error:
        raise BrandError(f"{what}: not valid YAML: {error} ({where})") from None
    if not isinstance(data, CommentedMap):
        raise BrandError(f"{what}: the file must hold fields (`name: value` lines), it holds {_held(data)} ({where})")
    if loc := next(_colours_in_comments(data, text.splitlines()), None):
        raise BrandError(f"{what}: {'.'.join(loc)} is empty; {_COLOUR_IN_QUOTES}{place_of(path, data, loc)}")
    return data


def _colours_in_comments(data: CommentedMap, lines: Sequence[str], loc: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield each colour without quotes, which is no value for YAML: where colours are optional nothing else would tell of it."""
    for name, value in data.items():
        if isinstance(value, CommentedMap):
            yield from _colours_in_comments(value, lines, (*loc, str(name)))
        # What another group lends (by <<) has no line here.
        elif value is None and str(name).endswith("colour") and name in (data.lc.data or {}):
            line, column = data.lc.key(name)
            if re.match(r"[^:#]*:\s*#[0-9A-Fa-f]{6}\b", lines[line][column:]):
                yield (*loc, str(name))


def change_yaml(path: Path, changes: Mapping[str, Any], *, what: str) -> tuple[str, str]:
    """Change some fields of a YAML file; every other line stays as it is, with its comments, its place and its end.

    A file in which that cannot be done (of anchors, say) is written anew as YAML, with its comments.

    Parameters
    ----------
    path : Path
    changes : mapping
        Values by dotted name. A field that is not there yet is put into its group, a group that is not there yet at the end.
    what : str
        What the file is, as it begins the error line.

    Returns
    -------
    (str, str)
        The text before and after.

    Raises
    ------
    BrandError
        When the file cannot be read, a group of it is no group, or it cannot be written.
    """
    data = read_yaml(path, what=what, quotes=True)
    text = changed = path.read_bytes().decode()
    for name, value in changes.items():
        *groups, last = name.split(".")
        node = data
        for depth, group in enumerate(groups, 1):
            if node.get(group) is None:
                node[group] = CommentedMap()
            node = node[group]
            if not isinstance(node, dict):
                where = place_of(path, data, groups[:depth])
                raise BrandError(f"{what}: {'.'.join(groups[:depth])} is {_shown(node)}; it must be a group of fields{where}")
        node[last] = value
    try:
        for name, value in changes.items():
            changed = with_field(changed, name.split("."), value)
        as_meant = YAML(typ="rt").load(changed) == data
    except YAMLError:
        as_meant = False
    if not as_meant:
        changed = _dumped(data).replace("\n", line_end_of(text))
    try:
        write_whole(path, changed)
    except OSError as error:
        raise BrandError(f"{what}: {shown_path(path)} cannot be written: {error.strerror}") from None
    return text, changed


def _dumped(data: Any) -> str:
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 100_000
    target = io.StringIO()
    yaml.dump(data, target)
    return target.getvalue()


def read_value(path: Path, model: type[V], *, what: str) -> V:
    """Read a YAML file into a value of ``model``.

    Raises
    ------
    BrandError
        The first problem as one line (how many more there are is said at its end).
    """
    data = read_yaml(path, what=what)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise BrandError(one_line(problems_of(error, data, model, what=what, path=path))) from None


def value_typed(text: str) -> JsonValue:
    """Return the value that a person types for a brand field, on the command line or into a cell of a spreadsheet: what YAML reads in it.

    A colour stays text, as # begins a comment for YAML; so does what is no JSON and thus no field's value, such as a date.

    Raises
    ------
    YAMLError
        When it is not valid YAML.

    Examples
    --------
    >>> value_typed("90"), value_typed("[4:5, 1:1]"), value_typed("#C8742B"), value_typed("2026-03-01")
    (90, ['4:5', '1:1'], '#C8742B', '2026-03-01')
    """
    if text.startswith("#"):
        return text
    try:
        return _JSON.validate_python(YAML(typ="safe", pure=True).load(text))
    # Both of no JSON, and of a date that no calendar has.
    except ValueError:
        return text


def one_line(problems: Sequence[str]) -> str:
    """Return the first of several problems, saying how many more there are."""
    more = len(problems) - 1
    return problems[0] + (f" (and {more} more problem{'s' if more > 1 else ''})" if more else "")


def problems_of(error: ValidationError, data: Any, model: type[BaseModel], *, what: str, path: Path | None) -> list[str]:
    """Return a line for each problem of a failed validation: what, field, value, what was expected, file and line."""
    found = error.errors(include_url=False)
    # A list that has a wrong entry is said to be too short as well, where it has no entry to spare.
    wrong = {details["loc"][:length] for details in found for length in range(len(details["loc"]))}
    own = [details for details in found if details["type"] != "too_short" or details["loc"] not in wrong]
    return [_problem(details, data, model, what, path) for details in own]


def place_of(path: Path | None, data: Any, loc: Sequence[int | str]) -> str:
    """Return where a field stands, as it ends an error line: " (brands/northwind.yaml, line 12)", or nothing without a file."""
    return f" ({shown_path(path)}{_line(data, loc)})" if path is not None else ""


def _problem(details: ErrorDetails, data: Any, model: type[BaseModel], what: str, path: Path | None) -> str:
    loc = details["loc"]
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part or repr(part)}" for part in loc).removeprefix(".")
    where = place_of(path, data, loc)
    kind, got = details["type"], details.get("input")
    if kind == "extra_forbidden":
        names = _field_names(model, loc[:-1])
        near = difflib.get_close_matches(str(loc[-1]), names, n=1, cutoff=0.5)
        hint = f"; did you mean '{near[0]}'?" if near else f"; known fields: {', '.join(names)}"
        return f"{what}: {name} is not a field{hint}{where}"
    if kind == "missing":
        return f"{what}: {name} is missing; add it{where}"
    expected = _expected(details, got, field_at(model, loc))
    if not loc:
        return f"{what}: {expected}{where}"
    is_what = f" is {_shown(got)};" if kind in _TYPE or not isinstance(got, (dict, list, tuple)) else ":"
    return f"{what}: {name}{is_what} {expected}{where}"


def _held(data: Any) -> str:
    return "nothing" if data is None else "a list" if isinstance(data, list) else "text" if isinstance(data, str) else "a single value"


def _shown(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, (dict, list, tuple)):
        return "a list" if not isinstance(value, dict) else "a group of fields"
    text = repr(without_keys(str(value))) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "...'"


_BOUND = {
    "greater_than_equal": "at least {ge:g}",
    "greater_than": "more than {gt:g}",
    "less_than_equal": "at most {le:g}",
    "less_than": "less than {lt:g}",
}
_TYPE = {
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "string_type": "text (put it in quotes)",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "model_type": "a group of fields",
    "tuple_type": "a list",
    "list_type": "a list",
    "path_type": "a path",
    "dict_type": "a group of fields",
}


def _expected(details: ErrorDetails, got: Any, field: FieldInfo | None) -> str:
    kind, context = details["type"], details.get("ctx") or {}
    metadata = list(field.metadata) if field else []
    if kind in _BOUND:
        low, high = (next((getattr(rule, name) for rule in metadata if hasattr(rule, name)), None) for name in ("ge", "le"))
        both = f"{low:g} to {high:g}" if low is not None and high is not None else ""
        return "it must be " + (both or _BOUND[kind].format(**context))
    if kind == "string_type" and got is None and "#" in str(metadata):
        return _COLOUR_IN_QUOTES
    if kind in _TYPE:
        return "it must be " + _TYPE[kind]
    if kind == "literal_error":
        expected = str(context["expected"])
        near = difflib.get_close_matches(str(got), re.findall(r"'([^']*)'", expected), n=1)
        return f"it must be {expected}" + (f"; did you mean '{near[0]}'?" if near else "")
    if kind == "string_pattern_mismatch":
        if str(context["pattern"]).startswith("^#"):
            return "it must be a colour such as #C8742B"
        examples = field.examples if field else None
        return f"it must be like {' or '.join(map(repr, examples))}" if examples else f"it must match {context['pattern']}"
    if kind in ("too_short", "too_long"):
        count = context["min_length"] if kind == "too_short" else context["max_length"]
        bound = f"at {'least' if kind == 'too_short' else 'most'} {count} {'entry' if count == 1 else 'entries'}"
        return f"it must have {bound}, it has {context['actual_length'] or 'none'}"
    if kind == "string_too_short":
        return "it must not be empty"
    return details["msg"].removeprefix("Value error, ")


def _line(data: Any, loc: Sequence[int | str]) -> str:
    line: int | None = None
    node = data
    for part in loc:
        try:
            line = node.lc.item(part)[0] + 1 if isinstance(part, int) else node.lc.key(part)[0] + 1
            node = node[part]
        except (AttributeError, KeyError, TypeError, IndexError):
            break
    return f", line {line}" if line else ""


def _field_names(model: type[BaseModel], loc: Sequence[int | str]) -> list[str]:
    field = field_at(model, loc)
    here = _model_in(field.annotation) if field else model if not loc else None
    return list(here.model_fields) if here else []


def field_at(model: type[BaseModel], loc: Sequence[int | str]) -> FieldInfo | None:
    """Return the field that a place in the data belongs to; entries of a list or by name belong to the list's or the names'."""
    here: type[BaseModel] | None = model
    field: FieldInfo | None = None
    names_entry = False
    for part in loc:
        if names_entry:
            names_entry = False
        elif isinstance(part, str):
            field = here.model_fields.get(part) if here else None
            here = _model_in(field.annotation) if field else None
            names_entry = field is not None and get_origin(field.annotation) is dict
    return field


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for argument in get_args(annotation) if (found := _model_in(argument))), None)
