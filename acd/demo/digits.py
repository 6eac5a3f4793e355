"""Keys of a whole call for SIPp to play: telephone events (RFC 4733) in a capture file, or tones in a voice.

One file for all keys, since SIPp plays each file in a thread of its own: two of them would mix on a busy
machine, and each would begin again at the same sequence number and time.
"""

import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

KEYS = "0123456789*#"
PAYLOAD_TYPE = 101
VOLUME = 10
STEP_MS = 20
STEPS = 8
END_REPEATS = 3
KEY_MS = STEP_MS * (STEPS + END_REPEATS)
"""How long the packets of one key take; the key itself is down for 160 ms."""
CLOCK = 8
"""Ticks of the RTP clock in a ms."""
LAYOUT = "123456789*0#"
ROWS_HZ = (697, 770, 852, 941)
COLUMNS_HZ = (1209, 1336, 1477)
TONE_MS = 120
SILENCE = b"\xd5"
"""A sample of it in A-law."""


def write(path: Path, keys: Sequence[tuple[int, str]]) -> int:
    """A capture of (pause before it in ms, key); a pause counts from the begin of the key before.

    Returns the ms from the first key's begin to the last one's end: how long SIPp plays it. The first pause
    is the player's own to make. Raises ValueError for no key, one that is none, or a pause in which the key
    before does not end.
    """
    if not keys or any(key not in KEYS or len(key) != 1 for _, key in keys):
        raise ValueError(f"no keys: {keys}")
    if any(pause < KEY_MS for pause, _ in keys[1:]):
        raise ValueError(f"a key takes {KEY_MS} ms: {keys}")
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]
    begin_ms, sequence = 0, 0
    for each, (pause, key) in enumerate(keys):
        begin_ms += pause if each else 0
        for step in range(STEPS + END_REPEATS):
            sequence += 1
            last = step >= STEPS - 1
            duration = min(step + 1, STEPS) * STEP_MS * CLOCK
            event = struct.pack(">BBH", KEYS.index(key), (0x80 if last else 0) | VOLUME, duration)
            marker = 0x80 if step == 0 else 0
            stamp = 1000 + begin_ms * CLOCK
            rtp = struct.pack(">BBHII", 0x80, marker | PAYLOAD_TYPE, sequence, stamp, 0x0ACD0000) + event
            out.append(_frame(begin_ms + step * STEP_MS, sequence, rtp))
    path.write_bytes(b"".join(out))
    return begin_ms + KEY_MS


def tones(path: Path, keys: Sequence[tuple[int, str]]) -> int:
    """The same keys as tones in a voice (ITU-T Q.23): raw A-law at 8 kHz. Returns how many ms it takes.

    Raises ValueError as `write` does.
    """
    if not keys or any(key not in KEYS or len(key) != 1 for _, key in keys):
        raise ValueError(f"no keys: {keys}")
    sound = b""
    for each, (pause, key) in enumerate(keys):
        sound += SILENCE * max(0, pause - TONE_MS if each else 0) * CLOCK
        row, column = divmod(LAYOUT.index(key), 3)
        pair = ["synth", str(TONE_MS / 1000), "sine", str(ROWS_HZ[row]), "sine", str(COLUMNS_HZ[column])]
        form = ["-r", "8000", "-e", "a-law", "-t", "raw"]
        command = ["sox", "-n", *form, "-", *pair, "remix", "-", "gain", "-6"]
        sound += subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout  # noqa: S603
    path.write_bytes(sound + SILENCE * KEY_MS * CLOCK)
    return sum(pause for pause, _ in keys[1:]) + TONE_MS + KEY_MS


def _frame(at_ms: int, number: int, rtp: bytes) -> bytes:
    """A record of a classic pcap file with an Ethernet frame; SIPp rewrites addresses and ports."""
    udp = struct.pack(">HHHH", 4000, 4002, 8 + len(rtp), 0) + rtp
    loopback = b"\x7f\0\0\1"
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), number, 0, 64, 17, 0, loopback, loopback)
    frame = b"\0" * 12 + b"\x08\0" + head + udp
    return struct.pack("<IIII", at_ms // 1000, at_ms % 1000 * 1000, len(frame), len(frame)) + frame
