"""Which of the encodings that shops use a text is in; text turned into UTF-8, line by line."""

from typing import Final, NoReturn

from engine.errors import LogError

CODECS: Final = {
    "utf-8": "utf-8",
    "gb18030": "gb18030",
    "gbk": "gb18030",  # a subset
    "windows-1252": "cp1252",
}
ENCODINGS: Final = ("auto", *CODECS)
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
WIDE_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")  # UTF-16 and UTF-32
MOSTLY: Final = 0.5  # of the lines beyond ASCII; text of another encoding is hardly ever UTF-8
NEARLY_ALL: Final = 0.95  # GB18030 accepts more by chance, so it is asked for more


def choose(block: bytes, declared: str, source: str) -> str | None:
    """The codec of a text by its first lines beyond ASCII; None while all is ASCII.

    LogError names the encoding to try when what was declared, or all that are guessed, do not fit.
    """
    if block.startswith(WIDE_MARKS):
        raise LogError(f"{source} is UTF-16; save it as UTF-8 (iconv -f UTF-16 -t UTF-8)")
    if block.isascii():
        return None
    lines = [line for line in block.split(b"\n") if not line.isascii()]
    fits = {
        "utf-8": _share(lines, "utf-8") >= MOSTLY,
        "gb18030": _share(lines, "gb18030") >= NEARLY_ALL,
    }
    if declared == "auto":
        return next((codec for codec, fit in fits.items() if fit), None) or _refuse(
            source, lines[0]
        )
    codec = CODECS[declared]
    if not fits.get(codec, True):
        better = next((name for name, fit in fits.items() if fit), "windows-1252")
        raise LogError(f"{source} is not {declared}; try {better}")
    return codec


def to_utf8(block: bytes, codec: str | None) -> tuple[bytes, list[int]]:
    """The block in UTF-8 with as many lines, and the positions of lines that were not readable.

    Those lines come back empty.
    """
    if codec is None:
        return block, []
    try:
        text = block.decode(codec)
    except UnicodeDecodeError:
        return _line_by_line(block, codec)
    return (block if codec == "utf-8" else text.encode("utf-8")), []


def _line_by_line(block: bytes, codec: str) -> tuple[bytes, list[int]]:
    lines = block.split(b"\n")
    unreadable = [position for position, line in enumerate(lines) if not _reads(line, codec)]
    for position in unreadable:
        lines[position] = b""
    return b"\n".join(lines).decode(codec).encode("utf-8"), unreadable


def _share(lines: list[bytes], codec: str) -> float:
    return sum(_reads(line, codec) for line in lines) / len(lines)


def _reads(line: bytes, codec: str) -> bool:
    try:
        line.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _refuse(source: str, line: bytes) -> NoReturn:
    raise LogError(
        f"{source} is neither UTF-8 nor GB18030 (GBK), first seen in {line[:60]!r}; "
        "try windows-1252, the usual third: iconv -f WINDOWS-1252 -t UTF-8"
    )
