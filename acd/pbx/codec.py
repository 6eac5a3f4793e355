"""AMI's bytes to frames and back. No socket, no state but the half frame that is still on its way."""

from collections.abc import Iterator, Mapping

END = b"\r\n\r\n"
BUFFER_MAX = 1 << 20
VALUE_MAX = 1024
HEADERS_MAX = 200


class FrameTooLarge(Exception):
    """More than 1 MiB without the end of a frame: this is not an AMI that we can follow."""


class BadValue(ValueError):
    """A header or value to be sent holds a line break or NUL, by which one action becomes two."""


class Frame:
    """One AMI message: headers in their order, names without regard to case.

    Values are cleaned: bad UTF-8 replaced, control characters made spaces, cut after 1,024 characters.
    """

    __slots__ = ("_headers", "_pairs")

    def __init__(self, pairs: tuple[tuple[str, str], ...]) -> None:
        self._pairs = pairs
        self._headers: dict[str, str] = {}
        for name, value in pairs:
            self._headers.setdefault(name.lower(), value)

    def get(self, name: str, default: str = "") -> str:
        """The first value of a header."""
        return self._headers.get(name.lower(), default)

    def all(self, name: str) -> list[str]:
        """Every value of a repeated header, in order."""
        wanted = name.lower()
        return [value for key, value in self._pairs if key.lower() == wanted]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._pairs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Frame) and self._pairs == other._pairs

    def __hash__(self) -> int:
        return hash(self._pairs)

    def __repr__(self) -> str:
        return f"Frame({self._pairs!r})"


def _clean(raw: bytes) -> str:
    text = raw[: VALUE_MAX * 4].decode("utf-8", "replace")[:VALUE_MAX]
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " for c in text)


def decode(raw: bytes) -> Frame:
    """The frame of one message without its end. Lines that are no header are left out."""
    pairs: list[tuple[str, str]] = []
    for line in raw.split(b"\r\n", HEADERS_MAX):
        name, colon, value = line.partition(b":")
        if colon and name:
            pairs.append((_clean(name.strip()), _clean(value.strip())))
    return Frame(tuple(pairs))


def encode(action: Mapping[str, str]) -> bytes:
    """One action as AMI reads it. Raises BadValue."""
    check(action)
    return "".join(f"{name}: {value}\r\n" for name, value in action.items()).encode() + b"\r\n"


def check(action: Mapping[str, str]) -> None:
    """Raise BadValue if a header could break out of its line."""
    for name, value in action.items():
        if any(c in part for part in (name, value) for c in "\r\n\0"):
            raise BadValue(f"the header {name!r} holds a line break or NUL")


class FrameReader:
    """Takes bytes as they come and gives whole frames; the greeting line is passed over."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0  # bytes of the buffer in which no end begins: each byte is looked at once
        self._greeted = False

    def feed(self, data: bytes) -> list[Frame]:
        """Every frame that is whole now; linear in bytes whatever the pieces. Raises FrameTooLarge."""
        self._buffer += data
        start = 0
        if not self._greeted:
            line = self._buffer.find(b"\n", self._searched)
            if line < 0:
                return self._rest(0, len(self._buffer), [])
            self._greeted = True
            self._searched = 0
            if self._buffer.startswith(b"Asterisk Call Manager"):
                start = line + 1
        frames: list[Frame] = []
        at = max(start, self._searched)
        while (end := self._buffer.find(END, at)) >= 0:
            frame = decode(bytes(self._buffer[start:end]).lstrip(b"\r\n"))
            if frame != EMPTY:
                frames.append(frame)
            at = start = end + len(END)
        return self._rest(start, max(start, len(self._buffer) - len(END) + 1), frames)

    def _rest(self, start: int, searched: int, frames: list[Frame]) -> list[Frame]:
        """Keep what begins at `start`, of which all before `searched` was looked at."""
        if start:
            del self._buffer[:start]
        self._searched = searched - start
        if len(self._buffer) > BUFFER_MAX:
            self._buffer.clear()
            self._searched = 0
            raise FrameTooLarge(f"more than {BUFFER_MAX} bytes without the end of a frame")
        return frames


EMPTY = Frame(())
