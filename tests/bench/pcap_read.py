# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets of pcap and pcapng, as much of it as tcpdump and kismet_cap_receiver write here."""

import struct


class Pcapng:
    """Takes a little-endian stream in pieces, as it comes."""

    def __init__(self):
        self.rest = b""

    def feed(self, piece):
        """[(capture time in us, bytes)] of the packets that are complete now."""
        data, at, out = self.rest + piece, 0, []
        while len(data) - at >= 12:
            kind, length = struct.unpack_from("<II", data, at)
            if len(data) - at < length:
                break
            if kind == 6:
                high, low, size = struct.unpack_from("<III", data, at + 12)
                out.append((high << 32 | low, data[at + 28:at + 28 + size]))
            at += length
        self.rest = data[at:]
        return out


def read_pcap(path):
    """[(capture time in us, bytes)] of a file of tcpdump's."""
    with open(path, "rb") as f:
        data = f.read()
    at, out = 24, []
    while len(data) - at >= 16:
        seconds, us, size, _ = struct.unpack_from("<IIII", data, at)
        out.append((seconds * 1000000 + us, data[at + 16:at + 16 + size]))
        at += 16 + size
    return out


def frame(packet):
    """What follows radiotap."""
    return packet[struct.unpack_from("<H", packet, 2)[0]:] if len(packet) >= 4 else b""


def beacon_tsf(packet):
    """The time in a beacon, which tells it from all others; None for other frames."""
    body = frame(packet)
    return struct.unpack_from("<Q", body, 24)[0] if len(body) >= 32 and body[0] == 0x80 else None


def injected_number(packet):
    """The number that inject.c gave it; None for other frames."""
    body = frame(packet)
    if len(body) >= 32 and body[10:16] == b"\x02\0\0inj":
        return struct.unpack_from("<Q", body, 24)[0]
    return None
