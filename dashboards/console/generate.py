"""What the browser's side takes from Python, written as TypeScript: the panels' types, and words that have a source.

    python -m dashboards.console.generate [--check]

    web/src/types.ts      ← the structs of dashboards.console.pages, by way of routes.PAGES
    web/src/generated.ts  ← metrics (engagement.dictionary), alert kinds (alerts.kinds), rule families (the packs),
                            currencies (streams.money), reasons of what is refused (streams.refusals),
                            platforms (notification.words), and the traditional form of every Chinese word, these
                            and those of web/src/words.ts

The written files are under version control; `--check` fails where one is stale.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_type_hints

import msgspec.inspect as shapes

from dashboards.console.routes import PAGES
from streams.alerts.kinds import KINDS
from streams.chinese import in_traditional
from streams.compliance.loader import family_titles
from streams.engagement.dictionary import METRICS, Screen, shown_on
from streams.errors import UsageError
from streams.money import CURRENCIES, SIGNS, minor_digits
from streams.notification.words import PLATFORMS
from streams.refusals import REFUSALS

SOURCES = Path(__file__).parent / "web" / "src"
_Struct = shapes.StructType | shapes.DataclassType
_WORD = re.compile(r"^  \w+: (\[.*\]),$", re.MULTILINE)
_HEADER = "// Written by `python -m dashboards.console.generate`: change the Python that it names, not this file.\n"
_PLAIN: Mapping[type[shapes.Type], str] = MappingProxyType({
    shapes.AnyType: "unknown", shapes.BoolType: "boolean", shapes.FloatType: "number", shapes.IntType: "number",
    shapes.NoneType: "null", shapes.StrType: "string",
})  # fmt: skip


def files() -> dict[str, str]:
    """Each generated file's text, by its name below web/src."""
    return {"types.ts": types(), "generated.ts": words()}


def stale() -> list[str]:
    """The names of files that differ from what would be written now."""
    return [name for name, text in files().items() if _read(SOURCES / name) != text]


def write() -> list[str]:
    """Bring the files up to date; the names of those that changed."""
    changed, fresh = stale(), files()
    for name in changed:
        (SOURCES / name).write_text(fresh[name])
    return changed


# -- types


def types() -> str:
    """One interface a struct: a page's is called after it (RoomPage → RoomPanels), any other as in Python.

    A field is optional where the struct omits defaults. Raises UsageError for two structs of one name.
    """
    found: dict[str, type] = {}
    interfaces = []
    for info in shapes.multi_type_info([get_type_hints(page.view)["return"] for page in PAGES.values()]):
        for struct in _structs(info):
            known = found.get(struct.cls.__name__)
            if known is None:
                found[struct.cls.__name__] = struct.cls
                interfaces.append(_interface(struct))
            elif known is not struct.cls:
                raise UsageError(f"two structs of the console's pages are called {known.__name__}")
    about = "// Panels as the server sends them. Times in milliseconds, money in minor units, shares from 0 to 1.\n"
    return _HEADER + about + "\n" + "\n".join(interfaces)


def _structs(info: shapes.Type) -> Iterator[_Struct]:
    """Every struct within a type, parts before the whole; one that occurs twice comes twice."""
    if isinstance(info, shapes.StructType | shapes.DataclassType):
        for field in info.fields:
            yield from _structs(field.type)
        yield info
    for part in _parts(info):
        yield from _structs(part)


def _parts(info: shapes.Type) -> tuple[shapes.Type, ...]:
    match info:
        case shapes.UnionType():
            return info.types
        case shapes.ListType() | shapes.VarTupleType():
            return (info.item_type,)
        case shapes.TupleType():
            return info.item_types
        case shapes.DictType():
            return (info.key_type, info.value_type)
    return ()


def _interface(info: _Struct) -> str:
    omits = isinstance(info, shapes.StructType) and info.cls.__struct_config__.omit_defaults
    fields = [
        f"  {field.encode_name}{'?' if omits and not field.required else ''}: {_type(field.type)};"
        for field in info.fields
    ]
    return "\n".join([f"export interface {_name(info.cls)} {{", *fields, "}"]) + "\n"


def _name(cls: type) -> str:
    return f"{cls.__name__.removesuffix('Page')}Panels" if cls.__name__.endswith("Page") else cls.__name__


def _type(info: shapes.Type) -> str:
    match info:
        case shapes.StructType() | shapes.DataclassType():
            return _name(info.cls)
        case shapes.LiteralType():
            return " | ".join(json.dumps(value) for value in info.values)
        case shapes.UnionType():
            return " | ".join(_type(part) for part in info.types)
        case shapes.ListType() | shapes.VarTupleType():
            item = _type(info.item_type)
            return f"({item})[]" if " | " in item else f"{item}[]"
        case shapes.TupleType():
            return f"[{', '.join(_type(part) for part in info.item_types)}]"
        case shapes.DictType():
            return f"Record<{_type(info.key_type)}, {_type(info.value_type)}>"
    return _PLAIN[type(info)]


# -- words


def words() -> str:
    """Tables of [simplified Chinese, English], the screens' lists of metrics, and simplified → traditional Chinese."""
    metrics = {metric.id: (metric.zh, metric.en) for metric in METRICS}
    kinds = {kind.id: (kind.zh, kind.en) for kind in KINDS.values()}
    platforms = {name: (zh, en) for name, (en, zh) in PLATFORMS.items()}
    families = {family: (title.zh, title.en) for family, title in family_titles().items()}
    own = [json.loads(row)[0] for row in _WORD.findall(_read(SOURCES / "words.ts"))]
    tables: tuple[Mapping[Any, tuple[str, str]], ...] = (metrics, kinds, families, platforms, REFUSALS)
    chinese = [*own, *(zh for table in tables for zh, _ in table.values())]
    traditional = {zh: turned for zh in sorted(set(chinese)) if (turned := in_traditional(zh)) != zh}
    screens: tuple[Screen, ...] = ("comparison", "report")
    return "\n".join([
        _HEADER + "// Words by id as [simplified Chinese, English]; the traditional form is looked up.\n",
        _table("METRICS", metrics),
        _table("KINDS", kinds),
        _table("FAMILIES", families),
        _table("PLATFORMS", platforms),
        _table("REFUSALS", REFUSALS),
        "export const SHOWN_ON = {",
        *(f"  {screen}: {_metrics_of(screen)}," for screen in screens),
        "} as const;\n",
        f"export const CURRENCY_SIGNS: Readonly<Record<string, string>> = {_object(SIGNS)};\n",
        f"export const MINOR_DIGITS: Readonly<Record<string, number>> = {_object(_odd_digits())};\n",
        "export const TRADITIONAL: Readonly<Record<string, string>> = {",
        *(f"  {_quoted(zh)}: {_quoted(turned)}," for zh, turned in traditional.items()),
        "};\n",
    ])  # fmt: skip


def _table(name: str, rows: Mapping[Any, tuple[str, str]]) -> str:
    lines = (f"  {key}: [{_quoted(zh)}, {_quoted(en)}]," for key, (zh, en) in rows.items())
    return "\n".join([f"export const {name} = {{", *lines, "} as const;\n"])


def _metrics_of(screen: Screen) -> str:
    return "[" + ", ".join(f'["{metric.id}", "{metric.unit}"]' for metric in shown_on(screen)) + "]"


def _odd_digits() -> dict[str, int]:
    """Digits of the minor units that have not two."""
    return {code: digits for code in sorted(CURRENCIES) if (digits := minor_digits(code)) != minor_digits(None)}


def _object(values: Mapping[str, Any]) -> str:
    return "{ " + ", ".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()) + " }"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _read(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


def main(arguments: Sequence[str]) -> int:
    """0 where the files are (now) up to date; 1 where `--check` found a stale one."""
    if "--check" not in arguments:
        write()
        return 0
    for name in (old := stale()):
        print(f"{SOURCES / name} is stale: run python -m dashboards.console.generate", file=sys.stderr)  # noqa: T201
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
