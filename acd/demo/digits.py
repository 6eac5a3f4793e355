"""Keys as RTP: a capture file with the telephone events of one key (RFC 4733), for SIPp to play."""

import struct
from pathlib import Path

KEYS = "0123456789*#"
PAYLOAD_TYPE = 101
VOLUME = 10
STEP_S = 0.02
STEPS = 8
END_REPEATS = 3


def write(folder: Path) -> None:
    """<folder>/<key>.pcap for each key (`*` is named star, `#` pound), 160 ms long."""
    folder.mkdir(parents=True, exist_ok=True)
    for code, key in enumerate(KEYS):
        (folder / f"{name(key)}.pcap").write_bytes(_capture(code))


def name(key: str) -> str:
    """The file name of a key."""
    return {"*": "star", "#": "pound"}.get(key, key)


def _capture(code: int) -> bytes:
    """A classic pcap file of Ethernet frames; SIPp rewrites addresses and ports."""
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]
    for i in range(STEPS + END_REPEATS):
        last = i >= STEPS - 1
        duration = min(i + 1, STEPS) * 160
        event = struct.pack(">BBH", code, (0x80 if last else 0) | VOLUME, duration)
        marker = 0x80 if i == 0 else 0
        rtp = struct.pack(">BBHII", 0x80, marker | PAYLOAD_TYPE, i + 1, 1000, 0x0ACD0000 + code) + event
        udp = struct.pack(">HHHH", 4000, 4002, 8 + len(rtp), 0) + rtp
        head = struct.pack(
            ">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), i, 0, 64, 17, 0, b"\x7f\0\0\1", b"\x7f\0\0\1"
        )
        frame = b"\0" * 12 + b"\x08\0" + head + udp
        at = i * STEP_S
        out.append(struct.pack("<IIII", int(at), int(at % 1 * 1e6), len(frame), len(frame)) + frame)
    return b"".join(out)
