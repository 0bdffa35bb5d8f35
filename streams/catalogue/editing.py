"""One brand of brands.yaml, changed, added or removed by a program: the rest of the file stays as people wrote it.

1. Find the brand's node in the file's text.  2. Put its new YAML there; comments inside it are lost, all others stay.
3. Read the whole as anybody would: it must say what it said before, and the new brand.  4. Write it beside the file,
and rename it over the file, so that nobody reads a half.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from streams.catalogue.brand import Brand, brands_of
from streams.errors import UsageError
from streams.refusals import Refused

_WIDTH: Final = 10_000
"""Nothing is wrapped: a line of a list stays a line."""


def with_brand(source: str, path: Path, brand: Brand) -> str:
    """The file's text with the brand in the place of the one of its id, or at the end. Raises UsageError where the
    result would be no catalogue."""
    before = brands_of(source, path)
    nodes = _brands_node(source, path)
    known = next((node for one, node in zip(before, nodes.value, strict=True) if one.id == brand.id), None)
    changed = _added(source, nodes, brand) if known is None else _replaced(source, nodes, known, brand)
    after = [brand if one.id == brand.id else one for one in before] + ([brand] if known is None else [])
    if brands_of(changed, path) != after:
        raise Refused("brand_not_put", file=path.name, brand=brand.id)
    return changed


def without_brand(source: str, path: Path, brand_id: str) -> str:
    """The file's text without the brand and the comments inside it. Raises UsageError where there is none of this id,
    where another names it as its rival, or where it cannot be taken out by itself."""
    before = brands_of(source, path)
    after = [one for one in before if one.id != brand_id]
    if len(after) == len(before):
        raise Refused("brand_unknown", file=path.name, brand=brand_id[:40])
    against = [one.id for one in after if brand_id in one.rivals]
    if against:
        raise Refused("brand_is_rival", brand=brand_id, others=", ".join(against[:5]))
    nodes = _brands_node(source, path)
    at = next(number for number, one in enumerate(before) if one.id == brand_id)
    changed = _cut_out(source, nodes, at) if nodes.flow_style else _cut_lines(source, nodes, at)
    try:
        agrees = brands_of(changed, path) == after
    except UsageError:
        agrees = False
    if not agrees:
        raise Refused("brand_not_taken", file=path.name, brand=brand_id)
    return changed


@contextmanager
def prepared(path: Path, text: str) -> Iterator[None]:
    """Write the text beside the file; at the end of the block, where nothing was raised in it, it is the file. Raises
    UsageError where it cannot be written."""
    real = path.resolve()
    try:
        handle, name = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name}.")
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(real, name)
        yield
        os.replace(name, real)
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)


def _unwritable(path: Path, error: OSError) -> UsageError:
    return Refused("catalogue_unwritable", file=path.name, reason=error.strerror)


def _brands_node(source: str, path: Path) -> Any:
    top: Any = yaml.compose(source, Loader=yaml.SafeLoader)  # its marks count characters
    found = next((value for key, value in top.value if key.value == "brands"), None)
    if not isinstance(found, yaml.SequenceNode):
        raise Refused("brands_no_list", file=path.name)
    return found


def _replaced(source: str, nodes: Any, node: Any, brand: Brand) -> str:
    start, end = node.start_mark.index, _end(node)
    return source[:start] + _written(brand, nodes, node.start_mark.column) + source[end:]


def _added(source: str, nodes: Any, brand: Brand) -> str:
    if nodes.flow_style:
        end = nodes.end_mark.index - 1
        comma = ", " if nodes.value else ""
        return source[:end].rstrip() + comma + _written(brand, nodes, 0) + source[end:]
    last = nodes.value[-1]
    end, column = _end(last), last.start_mark.column
    dash = " " * nodes.start_mark.column + "- "
    written = _written(brand, nodes, column if len(dash) == column else len(dash))
    line_end = source.find("\n", end)  # behind a comment on the last line
    end = len(source) if line_end < 0 else line_end
    return f"{source[:end]}\n{dash}{written}{source[end:]}"


def _cut_out(source: str, nodes: Any, at: int) -> str:
    """Without one item of a list in brackets, and the comma that parted it."""
    items = nodes.value
    if at + 1 < len(items):
        return source[: items[at].start_mark.index] + source[items[at + 1].start_mark.index :]
    start = _end(items[at - 1]) if at else items[at].start_mark.index
    return source[:start] + source[_end(items[at]) :]


def _cut_lines(source: str, nodes: Any, at: int) -> str:
    """Without the lines of one item of a list with dashes; of the only one, an empty list is left."""
    node = nodes.value[at]
    dash = source.rfind("-", 0, node.start_mark.index)
    start, end = source.rfind("\n", 0, dash) + 1, _end(node)
    if source[end - 1] != "\n":
        line_end = source.find("\n", end)
        end = len(source) if line_end < 0 else line_end + 1
    if len(nodes.value) > 1:
        return source[:start] + source[end:]
    colon = source.rfind(":", 0, source.rfind("brands", 0, start) + len("brands") + 3)
    return f"{source[: colon + 1]} []{source[colon + 1 : start]}{source[end:]}"


def _written(brand: Brand, nodes: Any, column: int) -> str:
    fields = msgspec.to_builtins(brand)
    if nodes.flow_style:
        return _dumped(fields, flow=True)
    return _dumped(fields, flow=None).replace("\n", "\n" + " " * column)


def _dumped(fields: dict[str, Any], *, flow: bool | None) -> str:
    dumped = yaml.dump(
        fields, Dumper=yaml.SafeDumper, allow_unicode=True, sort_keys=False, default_flow_style=flow, width=_WIDTH
    )
    return dumped.strip()


def _end(node: Any) -> int:
    """Where a node's text ends; a block's own mark is where the next token begins, behind comments."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return _end(node.value[-1][1])
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return _end(node.value[-1])
    return int(node.end_mark.index)
