"""A plain listener of a stream, of which many are open while something is measured."""

import asyncio


async def listener(port: int, path: str, number: int) -> None:
    """Reads the stream at this path as who has the cookie "oneNUMBER", and does nothing with it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Accept: text/event-stream",
        "Sec-Fetch-Site: same-origin",
        f"Cookie: acd=one{number}",
    )
    writer.write("".join(f"{each}\r\n" for each in (*lines, "")).encode())
    begin = await reader.readline()
    assert b" 200 " in begin, begin
    try:
        while await reader.read(65_536):
            pass
    finally:
        writer.close()
