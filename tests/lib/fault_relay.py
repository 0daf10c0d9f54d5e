#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""fault_relay - a TCP relay that is a bad link

    fault_relay.py LISTEN-ADDRESS PORT TO-ADDRESS PORT delay MS
    fault_relay.py LISTEN-ADDRESS PORT TO-ADDRESS PORT hold FRAMES

delay: what comes goes on after so many milliseconds, in each direction.
hold: on the first connection, the tool gets the server's first FRAMES frames and no more, while
what it sends goes on. The file "held" says that it is so. When there is a file "go", that
connection is reset; all later ones are passed on as they are.
"""

import asyncio
import os
import socket
import struct
import sys

HEADERS = {b"\xa9\xa9\x00\x03": 20, b"\xab\xcd\x00\x02": 48}
V0_HEADER = 12
AT_ONCE = 65536


def frame_end(data, at):
    """Where the frame ends that begins at an offset; None if that is not known yet."""
    if len(data) - at < 12:
        return None
    size = HEADERS.get(bytes(data[at + 4:at + 8]), V0_HEADER)
    end = at + size + struct.unpack_from(">I", data, at + 8)[0]
    return end if end <= len(data) else None


def reset(writer):
    sock = writer.get_extra_info("socket")
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass
    writer.transport.abort()


async def copy(reader, writer, delay_s=0.0):
    loop = asyncio.get_running_loop()
    try:
        while data := await reader.read(AT_ONCE):
            if delay_s:
                loop.call_later(delay_s, writer.write, data)
            else:
                writer.write(data)
                await writer.drain()
    except OSError:
        pass
    await asyncio.sleep(delay_s)
    writer.close()


async def copy_frames(reader, writer, frames):
    data = bytearray()
    while frames:
        piece = await reader.read(AT_ONCE)
        if not piece:
            break
        data += piece
        end = 0
        while frames and (next_end := frame_end(data, end)):
            end, frames = next_end, frames - 1
        writer.write(bytes(data[:end]))
        del data[:end]
    await hold()


async def hold():
    with open("held", "w"):
        pass
    while not os.path.exists("go"):
        await asyncio.sleep(0.05)


class Relay:
    def __init__(self, to, kind, value):
        self.to = to
        self.delay_s = int(value) / 1000 if kind == "delay" else 0.0
        self.frames = int(value) if kind == "hold" else None

    async def accept(self, reader, writer):
        frames, self.frames = self.frames, None
        try:
            there = await asyncio.open_connection(*self.to)
        except OSError:
            reset(writer)
            return
        if frames is None:
            await asyncio.gather(copy(reader, there[1], self.delay_s),
                                 copy(there[0], writer, self.delay_s))
            return
        forth = asyncio.ensure_future(copy(reader, there[1]))
        try:
            await copy_frames(there[0], writer, frames)
        except OSError:
            await hold()
        forth.cancel()
        reset(there[1])
        reset(writer)


async def main(address, port, to_address, to_port, kind, value):
    relay = Relay((to_address, int(to_port)), kind, value)
    server = await asyncio.start_server(relay.accept, address, int(port))
    with open("relay", "w"):
        pass
    await server.serve_forever()


asyncio.run(main(*sys.argv[1:]))
