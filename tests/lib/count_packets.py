#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""count_packets - numbered packets for tests/lib/faults.sh, and which of them arrived

    count_packets.py make FILE FIRST COUNT   a pcap with packets that carry FIRST, FIRST + 1, ...
    count_packets.py count FILE FIRST COUNT  "RECEIVED DOUBLED PREFIX FOREIGN": how many of these
                                             are in a pcapng, how many of them more than once, how
                                             many are there without a hole from FIRST on, and how
                                             many packets have another number or the wrong time
    count_packets.py watch FILE...           until it is killed, notes in FILE.pause for how many
                                             seconds at most FILE has not grown before it grew again
"""

import os
import struct
import sys
import time

START_US = 1700000000 * 1000000
SIZE = 64


def time_of(number):
    return START_US + number * 1000


def make(path, first, count):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 105))
        for number in range(first, first + count):
            body = struct.pack("<BBHI", 0x08, 0, 0, number).ljust(SIZE, b"\x2e")
            us = time_of(number)
            f.write(struct.pack("<IIII", us // 1000000, us % 1000000, SIZE, SIZE) + body)


def packets(path):
    """(time in us, bytes) of each packet; the times are in units of the interface's if_tsresol."""
    with open(path, "rb") as f:
        data = f.read()
    at, units = 0, []
    while len(data) - at >= 12:
        kind, length = struct.unpack_from("<II", data, at)
        if length < 12 or len(data) - at < length:
            break
        if kind == 0x0A0D0D0A:
            units = []
        elif kind == 1:
            units.append(resolution(data[at + 16:at + length - 4]))
        elif kind == 6:
            interface, high, low, size = struct.unpack_from("<IIII", data, at + 8)
            yield (high << 32 | low) * 10 ** 6 // units[interface], data[at + 28:at + 28 + size]
        at += length


def resolution(options):
    """Units a second of an interface's options."""
    at = 0
    while len(options) - at >= 4:
        code, size = struct.unpack_from("<HH", options, at)
        if code == 9:
            value = options[at + 4]
            return 2 ** (value & 127) if value & 128 else 10 ** value
        at += 4 + (size + 3 & ~3)
    return 10 ** 6


def count(path, first, count):
    seen, foreign = {}, 0
    for us, body in packets(path):
        number = struct.unpack_from("<I", body, 4)[0] if len(body) == SIZE else -1
        if first <= number < first + count and us == time_of(number):
            seen[number] = seen.get(number, 0) + 1
        elif us != time_of(number) or number < 0:
            foreign += 1
    prefix = 0
    while first + prefix in seen:
        prefix += 1
    doubled = sum(n > 1 for n in seen.values())
    print(len(seen), doubled, prefix, foreign)


def watch(paths):
    sizes, since, pauses = {}, {}, {}
    while True:
        time.sleep(0.2)
        now = time.monotonic()
        for path in paths:
            try:
                size = os.stat(path).st_size
            except OSError:
                continue
            if size == sizes.get(path):
                continue
            # What a new file begins with is no packet.
            if sizes.get(path, 0) > 2000:
                pauses[path] = max(pauses.get(path, 0), now - since[path])
            sizes[path], since[path] = size, now
            with open(path + ".pause", "w") as f:
                f.write("%.1f\n" % pauses.get(path, 0))


if __name__ == "__main__":
    if sys.argv[1] == "watch":
        watch(sys.argv[2:])
    else:
        {"make": make, "count": count}[sys.argv[1]](
            sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
