"""Files and folders as feeds: cut at every point, restarted at the cursor, compared with the whole."""

import asyncio
import gzip
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet
import pytest

from streams.ingest.protocols.file_records import MAX_RECORD_BYTES
from streams.ingest.protocols.files import Files
from streams.ingest.protocols.received import FeedRefused, Gap, Received


def line(number: int) -> str:
    return json.dumps({"id": number, "text": "第\n行"}, ensure_ascii=False) + "\n"


def write(path: Path, text: str, mode: str = "a") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open(mode, encoding="utf-8") as opened:
        opened.write(text)


def ids(items: list[Any]) -> list[int]:
    return [int(json.loads(item.message)["id"]) for item in items if isinstance(item, Received)]


async def whole(files: Files, cursor: str | None = None, most: int | None = None) -> list[Received]:
    """What there is now; the first `most` of it."""
    found: list[Received] = []
    async with aclosing(cast(Any, replace(files, follow=False).messages(cursor))) as items:
        async for item in items:
            if most is not None and len(found) == most:
                break
            if isinstance(item, Received):
                found.append(item)
    return found


class Following:
    """A follower that a test leads on, a look at a time."""

    def __init__(self, files: Files, cursor: str | None = None) -> None:
        self._items: Any = replace(files, follow=True, poll_seconds=0.001).messages(cursor)
        self.cursor = cursor

    async def items(self, count: int, within_seconds: float = 10) -> list[Any]:
        """The next so many messages and gaps."""
        found: list[Any] = []
        async with asyncio.timeout(within_seconds):
            while len(found) < count:
                item = await anext(self._items)
                if isinstance(item, Received):
                    self.cursor = item.cursor
                if isinstance(item, Received | Gap):
                    found.append(item)
        return found

    async def nothing(self) -> bool:
        """Whether nothing more comes; the follower is of no use after it."""
        try:
            async with asyncio.timeout(0.1):
                while not isinstance(await anext(self._items), Received | Gap):
                    pass
        except TimeoutError:
            return True
        return False


async def test_files_are_read_to_their_end_in_the_order_of_their_names(tmp_path: Path) -> None:
    write(tmp_path / "b/2.jsonl", line(3) + line(4))
    write(tmp_path / "a/1.jsonl", line(1) + line(2).rstrip())
    write(tmp_path / "notes.txt", line(9))
    assert ids(await whole(Files(tmp_path))) == [1, 2, 3, 4]


async def test_one_file_may_be_named(tmp_path: Path) -> None:
    write(tmp_path / "export.csv", "id,text\n1,a\n2,b\n")
    files = Files(tmp_path / "export.csv")
    assert files.finite
    first, second = await whole(files)
    assert json.loads(first.message) == {"id": "1", "text": "a"}
    assert ids(await whole(files, first.cursor)) == [2]
    assert second.place == "export.csv, line 3"


async def test_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FeedRefused, match="no such file or folder"):
        await whole(Files(tmp_path / "gone"))


def packed(path: Path, rows: list[dict[str, Any]]) -> None:
    """The rows as the file's name says."""
    lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
    if path.name.endswith(".parquet"):
        pyarrow.parquet.write_table(pa.Table.from_pylist(rows), path)
    elif path.name.endswith(".zst"):
        with pa.output_stream(path, compression="zstd") as stream:
            stream.write(lines)
    elif path.name.endswith(".gz"):
        path.write_bytes(gzip.compress(lines))
    else:
        path.write_bytes(lines)


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a.parquet"])
async def test_file_cut_at_every_message_goes_on_at_the_cursor(tmp_path: Path, name: str) -> None:
    packed(tmp_path / name, [{"id": number, "text": "x" * number} for number in range(30)])
    write(tmp_path / "b.csv", 'id,text\n30,a\n31,"two\nlines"\n')
    files = Files(tmp_path)
    everything = ids(await whole(files))
    assert everything == list(range(32))
    for cut in range(33):
        before = await whole(files, most=cut)
        cursor = before[-1].cursor if before else None
        assert ids(before) + ids(await whole(files, cursor)) == everything, cut


async def test_parquet_has_times_numbers_and_lists_as_json(tmp_path: Path) -> None:
    table = pa.table({
        "at": pa.array([1_790_000_000_123_456_789], pa.timestamp("ns", tz="UTC")),
        "local": pa.array([1_790_000_000_000_000], pa.timestamp("us")),
        "price": pa.array(["12.50"]).cast(pa.decimal128(10, 2)), "big": pa.array([2**53 + 1]),
        "tags": pa.array([["a"]]),
        "raw": pa.array([b"x"]), "none": pa.array([None], pa.string()),
    })  # fmt: skip
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    (found,) = await whole(Files(tmp_path))
    assert json.loads(found.message) == {
        "at": "2026-09-21T14:13:20.123456Z", "local": "2026-09-21T14:13:20", "price": "12.50", "big": 2**53 + 1,
        "tags": ["a"], "raw": "eA==", "none": None,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl.zst", "a.parquet"])
async def test_damaged_file_is_a_gap_and_the_next_is_read(tmp_path: Path, name: str) -> None:
    packed(tmp_path / name, [{"id": number, "text": os.urandom(2000).hex()} for number in range(500)])
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-4000])
    write(tmp_path / "b.jsonl", line(1000))
    found = [item async for item in Files(tmp_path).messages(None)]
    assert [item.reason for item in found if isinstance(item, Gap)] == ["lost"]
    assert ids(found)[-1] == 1000


async def test_file_that_cannot_be_read_is_one_gap_as_long_as_it_stays_as_it_is(tmp_path: Path) -> None:
    """Settled, and not read to its end, it was looked at for ever, with a gap each time."""
    (tmp_path / "a.jsonl").write_bytes(line(1).encode("utf-16-le"))
    damaged = Following(Files(tmp_path, settled_seconds=0.0))
    assert [item.reason for item in await damaged.items(1)] == ["lost"]
    assert await damaged.nothing()


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.csv.gz"])
async def test_file_in_utf_16_with_its_mark_is_read(tmp_path: Path, name: str, order: str) -> None:
    lines = "id,text\n1,好看\n2,b\n" if "csv" in name else line(1) + line(2)
    data = ("\ufeff" + lines).encode(order)
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    assert ids(await whole(Files(tmp_path))) == [1, 2]


async def test_bad_line_is_told_with_its_number_and_costs_itself_alone(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "id,text\n1,a\n2,b,c,d\n3,c\n")
    first, bad, third = await whole(Files(tmp_path))
    assert (ids([first]), ids([third])) == ([1], [3])
    assert bad.message == b"2,b,c,d"
    assert bad.place == "a.csv, line 3: 4 fields, the header has 2"


async def test_line_beyond_all_bounds_is_a_gap(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", line(1) + "x" * (3 * MAX_RECORD_BYTES) + "\n" + line(2))
    found = [item async for item in Files(tmp_path).messages(None)]
    assert [(item.missed, item.reason) for item in found if isinstance(item, Gap)] == [(1, "too_large")]
    assert ids(found) == [1, 2]
    assert [item.place for item in found if isinstance(item, Received)][-1] == "a.jsonl, line 3"


async def test_growing_file_is_followed_and_a_half_line_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    write(file, line(1) + line(2)[:9])
    following = Following(Files(tmp_path))
    assert ids(await following.items(1)) == [1]
    write(file, line(2)[9:] + line(3))
    assert ids(await following.items(2)) == [2, 3]
    write(tmp_path / "b.jsonl", line(4))
    assert ids(await following.items(1)) == [4]
    assert await following.nothing()


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
async def test_file_that_grows_byte_by_byte_is_read_once(tmp_path: Path, kind: str) -> None:
    rows = 'id,text\n1,a\n2,"two\nlines"\n3,c\n' if kind == "csv" else line(1) + line(2) + line(3)
    file = tmp_path / f"a.{kind}"
    file.touch()
    found: list[int] = []
    cursor: str | None = None
    for byte in rows.encode():
        with file.open("ab") as opened:
            opened.write(bytes([byte]))
        reading = replace(Files(tmp_path), follow=True, poll_seconds=60)
        items = cast(AsyncIterator[Any], reading.messages(cursor))
        try:
            async with asyncio.timeout(0.02):
                async for item in items:
                    if isinstance(item, Received):
                        found += ids([item])
                        cursor = item.cursor
        except TimeoutError:
            pass
    assert found == [1, 2, 3]


async def test_last_line_without_an_end_is_read_when_the_file_has_settled(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    write(file, line(1) + line(2).rstrip())
    settled = Files(tmp_path, settled_seconds=0.0)
    assert ids(await Following(settled).items(2)) == [1, 2]
    write(file, "\n" + line(3)[:12], "a")
    half = Following(settled)
    assert ids(await half.items(2)) == [1, 2]
    assert await half.nothing()


def renamed(folder: Path) -> None:
    (folder / "a.jsonl").rename(folder / "a.jsonl.1")
    write(folder / "a.jsonl", line(4))


def replaced_by_a_longer_copy(folder: Path) -> None:
    write(folder / "new.tmp", line(1) + line(2) + line(3) + line(4))
    (folder / "new.tmp").replace(folder / "a.jsonl")


def truncated_after_a_copy(folder: Path) -> None:
    (folder / "a.jsonl.1").write_bytes((folder / "a.jsonl").read_bytes())
    write(folder / "a.jsonl", line(4), "w")


def moved(folder: Path) -> None:
    (folder / "old").mkdir()
    (folder / "a.jsonl").rename(folder / "old/a.jsonl")
    write(folder / "b.jsonl", line(4))


def copied(folder: Path) -> None:
    (folder / "backup.jsonl").write_bytes((folder / "a.jsonl").read_bytes() + line(4).encode())


ROTATIONS = [renamed, replaced_by_a_longer_copy, truncated_after_a_copy, moved, copied]


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("rotate", ROTATIONS, ids=lambda rotate: rotate.__name__)
async def test_rotated_file_is_read_to_its_end_and_nothing_twice(
    tmp_path: Path, rotate: Callable[[Path], None], restarted: bool
) -> None:
    write(tmp_path / "a.jsonl", line(1) + line(2))
    files = Files(tmp_path, patterns=("**/*.jsonl", "**/*.jsonl.1"))
    following = Following(files)
    found = ids(await following.items(2))
    write(tmp_path / "a.jsonl", line(3))
    rotate(tmp_path)
    if restarted:
        following = Following(files, following.cursor)
    twice = rotate is copied and restarted  # 3 was unread, and stands in the file and in the copy
    found += ids(await following.items(3 if twice else 2))
    assert sorted(set(found)) == [1, 2, 3, 4]
    assert len(found) == (5 if twice else 4)
    assert await following.nothing()


async def test_file_renamed_to_a_name_that_is_not_asked_for_is_read_to_its_end(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", line(1))
    following = Following(Files(tmp_path, patterns=("*.jsonl",)))
    assert ids(await following.items(1)) == [1]
    write(tmp_path / "a.jsonl", line(2))
    renamed(tmp_path)
    assert sorted(ids(await following.items(2))) == [2, 4]


async def test_file_written_anew_is_read_from_its_first_line(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", line(1) + line(2))
    following = Following(Files(tmp_path))
    await following.items(2)
    write(tmp_path / "a.jsonl", line(11) + line(12) + line(13), "w")
    assert ids(await following.items(3)) == [11, 12, 13]
    restarted = Following(Files(tmp_path), following.cursor)
    assert await restarted.nothing()


async def test_inode_that_was_given_to_another_file_is_not_taken_for_the_first(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", line(1) + line(2))
    following = Following(Files(tmp_path))
    await following.items(2)
    cursor = json.loads(following.cursor or "")
    write(tmp_path / "b.jsonl", line(5) + line(6) + line(7))
    cursor["files"][0][:2] = ["a.jsonl", (tmp_path / "b.jsonl").stat().st_ino]
    (tmp_path / "a.jsonl").unlink()
    assert ids(await whole(Files(tmp_path), json.dumps(cursor))) == [5, 6, 7]


async def test_file_deleted_before_it_was_read_is_a_gap(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", line(1) + line(2)[:5])
    write(tmp_path / "keep.jsonl", line(9))
    following = Following(Files(tmp_path))
    assert sorted(ids(await following.items(2))) == [1, 9]
    (tmp_path / "a.jsonl").unlink()
    (gap,) = await following.items(1)
    assert (gap.reason, gap.missed) == ("lost", None)


async def test_file_read_to_its_end_and_deleted_is_no_gap(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", line(1))
    write(tmp_path / "keep.jsonl", line(9))
    following = Following(Files(tmp_path))
    await following.items(2)
    (tmp_path / "a.jsonl").unlink()
    assert await following.nothing()


async def test_packed_file_is_left_alone_while_it_is_written(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", line(1))
    packed(tmp_path / "b.jsonl.gz", [{"id": 2}])
    now_ms = int((tmp_path / "b.jsonl.gz").stat().st_mtime * 1000)
    wall = [now_ms]
    following = Following(Files(tmp_path, clock=lambda: wall[0]))
    assert ids(await following.items(1)) == [1]
    wall[0] += 6_000
    assert ids(await following.items(1)) == [2]


async def test_cursor_stays_small_as_files_come_and_go(tmp_path: Path) -> None:
    following = Following(Files(tmp_path))
    for number in range(120):
        write(tmp_path / f"{number:04}.jsonl", line(number))
        assert ids(await following.items(1)) == [number]
        (tmp_path / f"{number:04}.jsonl").unlink()
        write(tmp_path / "keep.jsonl", line(1000))
        assert ids(await following.items(1)) == [1000]
    assert len(json.loads(following.cursor or "")["files"]) <= 52
