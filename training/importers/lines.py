"""A text file, plain or gzip, as blocks of complete lines in UTF-8; one block is in memory."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import LogError
from training.importers.encoding import BYTE_ORDER_MARK, choose, to_utf8
from training.quarantine import RAW_BYTES, Reject

BLOCK_BYTES: Final = 8 << 20  # measured: larger blocks cost memory and gain nothing
PACKED_BYTES: Final = 1 << 20
MAX_LINE_BYTES: Final = 1 << 20  # decision: as the server's largest request
GZIP_MARK: Final = b"\x1f\x8b"
GZIP_WINDOW: Final = 31  # zlib's word for "expect a gzip header and check sum"
NEWLINE: Final = 10


@dataclass(frozen=True, slots=True)
class Block:
    """`text` is complete lines, each ended by a newline; `first` is the number of the first."""

    text: bytes
    first: int
    done: float  # share of the source that has been read
    rejects: tuple[Reject, ...] = ()


def read_blocks(
    path: Path, encoding: str = "auto", block_bytes: int = BLOCK_BYTES
) -> Iterator[Block]:
    """LogError for a torn gzip file (it says how far it read) and for a wrong encoding."""
    codec: str | None = None
    for block in _cut_at_lines(path, block_bytes):
        codec = codec or choose(block.text, encoding, path.name)
        yield _without_long_lines(_decoded(block, codec))


def beginning(path: Path) -> bytes:
    """Some of what the text begins with, without a byte order mark; unpacked, not decoded."""
    return next(_pieces(path, BLOCK_BYTES), (b"", 0.0))[0]


def bounds(text: bytes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each line of a block begins and ends, without its newline."""
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == NEWLINE)
    starts = np.empty_like(ends)
    starts[:1] = 0
    starts[1:] = ends[:-1] + 1
    return starts, ends


def _cut_at_lines(path: Path, block_bytes: int) -> Iterator[Block]:
    carry, first, done = b"", 1, 0.0
    for piece, done in _pieces(path, block_bytes):
        buffer = carry + piece
        cut = buffer.rfind(b"\n") + 1
        text, carry = buffer[:cut], buffer[cut:]
        if len(carry) > MAX_LINE_BYTES:
            carry = carry[: MAX_LINE_BYTES + 1]  # enough to know that it is too long
        if text:
            yield Block(text.replace(b"\r\n", b"\n"), first, done)
            first += text.count(b"\n")
    if carry:
        yield Block(carry.removesuffix(b"\r") + b"\n", first, done)


def _pieces(path: Path, block_bytes: int) -> Iterator[tuple[bytes, float]]:
    size = max(1, path.stat().st_size)
    with path.open("rb") as file:
        packed = file.read(2) == GZIP_MARK
        file.seek(0)
        plain = iter(lambda: file.read(block_bytes), b"")
        source = _inflate(file, path.name, block_bytes) if packed else plain
        mark = BYTE_ORDER_MARK
        for piece in source:
            yield piece.removeprefix(mark), file.tell() / size
            mark = b""


def _inflate(file: BinaryIO, name: str, block_bytes: int) -> Iterator[bytes]:
    inflater, pending, text_bytes, lines = zlib.decompressobj(GZIP_WINDOW), b"", 0, 0
    begun = False
    while pending or (pending := file.read(PACKED_BYTES)):
        begun = True
        try:
            piece = inflater.decompress(pending, block_bytes)
        except zlib.error as error:
            raise LogError(
                f"{name} is damaged gzip after {text_bytes:,} bytes of text, line {lines + 1:,}: "
                f"{error}"
            ) from error
        text_bytes += len(piece)
        lines += piece.count(b"\n")
        if piece:
            yield piece
        pending = inflater.unconsumed_tail
        if inflater.eof:  # a gzip file may be several, one after the other, padded with zeros
            pending = inflater.unused_data.lstrip(b"\0")
            inflater, begun = zlib.decompressobj(GZIP_WINDOW), bool(pending)
    if begun:
        raise LogError(
            f"{name} is a truncated gzip file: it breaks off after {text_bytes:,} bytes of text, "
            f"in line {lines + 1:,}"
        )


def _decoded(block: Block, codec: str | None) -> Block:
    text, unreadable = to_utf8(block.text, codec)
    if not unreadable:
        return replace(block, text=text)
    lines = block.text.split(b"\n")
    rejects = tuple(
        Reject(
            block.first + position,
            "line_not_readable",
            f"is not {codec}",
            lines[position][:RAW_BYTES].decode("utf-8", errors="backslashreplace"),
        )
        for position in unreadable
    )
    return replace(block, text=text, rejects=block.rejects + rejects)


def _without_long_lines(block: Block) -> Block:
    """Lines over MAX_LINE_BYTES come back empty, with a reject."""
    starts, ends = bounds(block.text)
    too_long = np.flatnonzero(ends - starts > MAX_LINE_BYTES)
    if not len(too_long):
        return block
    lines = block.text.split(b"\n")
    rejects = []
    for position in too_long.tolist():
        raw = lines[position][:RAW_BYTES].decode("utf-8", errors="replace")
        detail = f"is longer than {MAX_LINE_BYTES:,} bytes"
        rejects.append(Reject(block.first + position, "line_too_long", detail, raw))
        lines[position] = b""
    return replace(block, text=b"\n".join(lines), rejects=block.rejects + tuple(rejects))
