#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""no_memory - what tests/system/no-memory does: runs programs whose n-th allocation fails

    no_memory.py BUILD PRELOAD SECONDS     SECONDS for each program and mode; 0: every n
"""

import os
import re
import signal
import struct
import subprocess
import sys
import time

BUILD, PRELOAD, SECONDS = sys.argv[1], sys.argv[2], float(sys.argv[3])
PACKETS = 200
TIMEOUT = 20
bad = 0


def fail(what, log):
    global bad
    bad += 1
    if bad <= 20:
        print("FAIL: %s" % what)
        print("".join("      | " + line for line in open(log, errors="replace").readlines()[-4:]))


def make_capture(path):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 105))
        for number in range(PACKETS):
            head = struct.pack("<IIII", 1700000000 + number, 0, 40, 40)
            f.write(head + struct.pack("<BBHI", 8, 0, 0, number).ljust(40, b"\x2e"))


def start(command, log, nth=0, onwards=False):
    env = dict(os.environ)
    if nth:
        env.update(LD_PRELOAD=PRELOAD, FAIL_NTH=str(nth), FAIL_FROM="1" if onwards else "0",
                   FAIL_NOTE="note")
    return subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=open(log, "w"))


def wait(process, what, log, patience=TIMEOUT):
    """The exit status; None after a failure that was told."""
    try:
        status = process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        fail("%s: still there after %d s" % (what, patience), log)
        return None
    if status < 0 or status >= 128:
        fail("%s: killed by %s" % (what, signal.Signals(-status).name if status < 0 else status), log)
        return None
    if status != 0 and os.path.getsize(log) == 0:
        fail("%s: status %d without a word" % (what, status), log)
    return status


def receiver_command(port_file, out):
    return [BUILD + "/kismet_cap_receiver", "--remote-capture-port=0", "--no-httpd", "--no-table",
            "--port-file=" + port_file, "--write=" + out]


def wait_for_port(process, path):
    deadline = time.time() + TIMEOUT
    while time.time() < deadline and process.poll() is None:
        if os.path.exists(path) and os.path.getsize(path) > 0:
            return int(open(path).read())
        time.sleep(0.01)
    return None


def tool_command(port, name):
    return [BUILD + "/kismet_cap_pcapfile", "--connect=127.0.0.1:%d" % port, "--tcp",
            "--disable-retry", "--source=caps.pcap:exit=true,name=" + name]


def check_delivered(what, log):
    """Status 0: all was delivered, or counted as lost."""
    text = open(log, errors="replace").read()
    counts = re.findall(r"(\d+) records: (\d+) delivered, (\d+) waiting, (\d+) lost", text)
    if not counts:
        fail("%s: status 0, and nothing said of the records" % what, log)
        return
    records, delivered, waiting, lost = map(int, counts[-1])
    if records < PACKETS or waiting or records != delivered + lost:
        fail("%s: status 0, but not all is delivered or counted" % what, log)


# --- the programs; each returns after one run ---

class Replay:
    """To a receiver that has memory."""
    name = "kismet_cap_pcapfile"

    def __init__(self):
        self.receiver = start(receiver_command("port", "got.pcapng"), "receiver.log")
        self.port = wait_for_port(self.receiver, "port")

    def command(self, nth):
        return tool_command(self.port, "r%d" % nth)

    def run(self, nth, onwards):
        what = "%s, allocation %d%s" % (self.name, nth, " and all after it" if onwards else "")
        status = wait(start(self.command(nth), "log", nth, onwards), what, "log")
        if status == 0:
            check_delivered(what, "log")

    def close(self):
        self.receiver.terminate()
        self.receiver.wait()


class Configured(Replay):
    name = "kismet_cap_pcapfile --config"

    def command(self, nth):
        with open("tool.conf", "w") as f:
            f.write("# everything\nconnect=127.0.0.1:%d\ntcp=true\ndisable-retry=true\n"
                    "source=caps.pcap:exit=true,name=c%d,uuid=5A12ECE0-0000-0000-0000-%012X\n"
                    "fixed-gps=1.5,2.5,10\ngps-name=here\nqueue-size=1M\nframe-limit=9000\n"
                    "pidfile=tool.pid\nlog-level=debug\n" % (self.port, nth, nth))
        return [BUILD + "/kismet_cap_pcapfile", "--config=tool.conf"]


class Spooling(Replay):
    """What a run leaves in the spool comes with the next one."""
    name = "kismet_cap_pcapfile --spool --write --status-file"

    def command(self, nth):
        return tool_command(self.port, "spooled") + [
            "--spool=spool", "--drop-first=data", "--write=kept.pcapng", "--status-file=status"]


class Listing:
    name = "kismet_cap_linux_wifi --list"

    def run(self, nth, onwards):
        what = "%s, allocation %d%s" % (self.name, nth, " and all after it" if onwards else "")
        command = [BUILD + "/kismet_cap_linux_wifi", "--list", "--json"]
        wait(start(command, "log", nth, onwards), what, "log")

    def close(self):
        pass


class Receiving:
    """A receiver short of memory, and a tool that is not."""
    name = "kismet_cap_receiver"

    def run(self, nth, onwards):
        what = "%s, allocation %d%s" % (self.name, nth, " and all after it" if onwards else "")
        for path in ("rport", "few.pcapng", "few.json"):
            if os.path.exists(path):
                os.unlink(path)
        command = receiver_command("rport", "few.pcapng") + ["--json=few.json"]
        receiver = start(command, "log", nth, onwards)
        port = wait_for_port(receiver, "rport")
        fed = None
        if port:
            fed = wait(start(tool_command(port, "x"), "tool.log"), what + ": its tool", "tool.log", 60)
            receiver.terminate()
        status = wait(receiver, what, "log")
        packets = os.path.getsize("few.pcapng") >= PACKETS * 72 if os.path.exists("few.pcapng") else 0
        if fed == 0 and status == 0 and not packets:
            fail("%s: all was acknowledged and not all is written" % what, "log")

    def close(self):
        pass


def strides(total):
    """1 to total, spread well from the start; everything in the end."""
    step = 64
    seen = set()
    while step >= 1:
        for nth in range(1, total + 1, step):
            if nth not in seen:
                seen.add(nth)
                yield nth
        step //= 2


def count_calls(program):
    """How many allocations a whole run has: beyond them, nothing fails."""
    low, high = 0, 64
    while tries(program, high, False):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        if tries(program, middle, False):
            low = middle
        else:
            high = middle
    return low


def tries(program, nth, onwards):
    """Returns whether it came to the n-th."""
    if os.path.exists("note"):
        os.unlink("note")
    program.run(nth, onwards)
    return os.path.exists("note")


def campaign(kind):
    program = kind()
    total = count_calls(program)
    for onwards in (False, True):
        begin, done = time.time(), 0
        for nth in strides(total):
            if SECONDS and time.time() > begin + SECONDS:
                break
            tries(program, nth, onwards)
            done += 1
        print("%s: %d of %d allocations failed%s" % (
            kind.name, done, total, ", with all after them" if onwards else ", each alone"), flush=True)
    program.close()


make_capture("caps.pcap")
for kind in (Listing, Replay, Configured, Spooling, Receiving):
    if kind is not Listing or os.path.exists(BUILD + "/kismet_cap_linux_wifi"):
        campaign(kind)
print("%d failures" % bad)
sys.exit(bad > 0)
