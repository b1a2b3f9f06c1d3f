"""One field of a YAML text changed, and no other character of it: what a library would tidy up stays as a person wrote it."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

__all__ = ["line_end_of", "with_field"]

_LINE = re.compile(r"[^\r\n]*")


def with_field(text: str, place: Sequence[str], value: Any) -> str:
    """Return a YAML text with a field changed, or added to the end of its group; a group that is not there yet goes to the text's end.

    A value is written as the one before it was: in its quotes, a list on one line or on several, its comment in its column.

    Parameters
    ----------
    text : str
        Whose root is a mapping.
    place : sequence of str
        The names of the field's groups, and its own.
    value : object
        A scalar or a list.

    Returns
    -------
    str
        To be read again and compared by who writes it: of anchors and the like nothing is known here.

    Raises
    ------
    YAMLError
        When the text is not YAML.

    Examples
    --------
    >>> with_field("a:\\n    b: 1    # one\\n", ["a", "b"], 10)
    'a:\\n    b: 10   # one\\n'
    >>> with_field("a:\\n    b: 1    # one\\n", ["a", "c"], 2)
    'a:\\n    b: 1    # one\\n    c: 2\\n'
    """
    root = node = YAML(typ="rt").compose(text)
    in_flow, indent = bool(root.flow_style), _step(root)
    for depth, name in enumerate(place):
        found = next(((key, held) for key, held in node.value if key.value == name), None)
        if found is None:
            return _with_names(text, node, place[depth:], value, in_flow=in_flow, indent=indent, at_end=node is root)
        key, held = found
        colon = _colon(text, key)
        if depth == len(place) - 1:
            return _with_value(text, colon, held, value, in_flow)
        if not isinstance(held, MappingNode):
            if in_flow:
                return f"{text[:colon]} {_nested(place[depth + 1 :], value)}{text[colon:]}"
            return _after_line(text, colon, _lines(place[depth + 1 :], value, key.start_mark.column + indent, indent))
        node, in_flow = held, in_flow or bool(held.flow_style)
    raise ValueError("a field has a name")


def line_end_of(text: str) -> str:
    """Return what ends a text's lines."""
    return "\r\n" if "\r\n" in text else "\n"


def _step(root: MappingNode) -> int:
    """Return by how much a text's groups are indented."""
    columns = (held.start_mark.column - key.start_mark.column for key, held in root.value if _is_block(held, MappingNode))
    return next((column for column in columns if column > 0), 2)


def _with_names(text: str, node: MappingNode, names: Sequence[str], value: Any, *, in_flow: bool, indent: int, at_end: bool) -> str:
    if in_flow:
        end = _pair_end(text, *node.value[-1]) if node.value else node.start_mark.index + 1
        return f"{text[:end]}{', ' if node.value else ''}{_nested(names, value)[1:-1]}{text[end:]}"
    lines = _lines(names, value, node.value[0][0].start_mark.column, indent)
    return _after_line(text, len(text) if at_end else _end(text, node), lines)


def _after_line(text: str, position: int, lines: Sequence[str]) -> str:
    """Return a text with lines after the one that a position is in."""
    line_end = line_end_of(text)
    at = text.find("\n", position) + 1 or len(text)
    before = text[:at] if text[:at].endswith("\n") else text[:at] + line_end
    return before + "".join(line + line_end for line in lines) + text[at:]


def _with_value(text: str, colon: int, held: Node, value: Any, in_flow: bool) -> str:
    if _is_block(held, SequenceNode) and isinstance(value, list) and value:
        return _with_items(text, held, value)
    written = _written(value, quoted=isinstance(held, ScalarNode) and held.style == '"', in_flow=in_flow)
    if _is_block(held, CollectionNode):
        # On the line of its name, whose comment stays.
        line = _LINE.match(text, colon)
        assert line is not None
        return f"{text[:colon]} {written}{line[0]}{text[_end(text, held) :]}"
    start, end = (colon, colon) if _is_empty(held) else (held.start_mark.index, _end(text, held))
    if start == colon or not written:
        start, written = colon, f" {written}".rstrip()
    return f"{text[:start]}{written}{_in_column(text[end:], end - start - len(written))}"


def _with_items(text: str, held: Node, value: list[Any]) -> str:
    """Return a text with other entries in a list on several lines; one that stays takes the comments above and beside it along."""
    start: int = held.start_mark.index
    own, at = list[tuple[Any, str]](), start
    for item in held.value:
        line = _LINE.match(text, _end(text, item))
        assert line is not None
        own.append((_said(item), text[at : line.end()].strip()))
        at = line.end()
    lines = []
    for wanted in value:
        place = next((place for place, (said, _) in enumerate(own) if said == wanted), None)
        lines.append(f"- {_written(wanted)}" if place is None else own.pop(place)[1])
    between: str = line_end_of(text) + " " * held.start_mark.column
    return text[:start] + between.join(lines) + text[at:]


def _said(item: Node) -> Any:
    return YAML(typ="safe").load(item.value) if isinstance(item, ScalarNode) and item.style is None else item.value


def _in_column(rest: str, shorter: int) -> str:
    """Return the rest of a line with its comment where it was, now that what is before it is shorter or longer."""
    space = len(rest) - len(rest.lstrip(" "))
    return " " * max(1, space + shorter) + rest[space:] if space and rest[space:].startswith("#") else rest


def _end(text: str, node: Node) -> int:
    """Return where the last that a node holds ends, without the lines and comments after it."""
    if _is_block(node, SequenceNode) and node.value:
        return _end(text, node.value[-1])
    if _is_block(node, MappingNode) and node.value:
        return _pair_end(text, *node.value[-1])
    return len(text[: node.end_mark.index].rstrip()) if isinstance(node, ScalarNode) and node.style in ("|", ">") else node.end_mark.index


def _pair_end(text: str, name: Node, held: Node) -> int:
    return _colon(text, name) if _is_empty(held) else _end(text, held)


def _colon(text: str, key: Node) -> int:
    """Return where the colon after a name ends."""
    return int(text.index(":", key.end_mark.index)) + 1


def _is_empty(node: Node) -> bool:
    # Of nothing the library says that it is where the next thing begins.
    return bool(node.start_mark.index == node.end_mark.index)


def _is_block(node: Node, kind: type[CollectionNode]) -> bool:
    return isinstance(node, kind) and not node.flow_style


def _lines(names: Sequence[str], value: Any, column: int, indent: int) -> list[str]:
    groups = [f"{' ' * (column + indent * depth)}{name}:" for depth, name in enumerate(names)]
    return [*groups[:-1], f"{groups[-1]} {_written(value)}".rstrip()]


def _nested(names: Sequence[str], value: Any) -> str:
    """Return a value within its groups as it stands on one line: "{captions: {size_px: 90}}"."""
    return "".join(f"{{{name}: " for name in names) + _written(value, in_flow=True) + "}" * len(names)


def _written(value: Any, *, quoted: bool = False, in_flow: bool = False) -> str:
    """Return a value as YAML on one line: colours in quotes, nothing as nothing where that may stand."""
    if value is None and not in_flow:
        return ""
    if isinstance(value, str) and (quoted or value.startswith("#") or not value.isprintable()):
        value = DoubleQuotedScalarString(value)
    elif isinstance(value, list):
        value = CommentedSeq(value)
        value.fa.set_flow_style()
    field = CommentedMap(x=value)
    if in_flow:
        field.fa.set_flow_style()
    yaml = YAML(typ="rt")
    yaml.width = 100_000
    target = io.StringIO()
    yaml.dump(field, target)
    line = target.getvalue().rstrip("\n")
    return line[len("{x: ") : -1] if in_flow else line[len("x: ") :]
