#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""swarm - what tests/system/swarm does: many tools, one receiver, random kills

    swarm.py BUILD TOOLS SECONDS PPS SEED     in a folder of its own
"""

import os
import random
import re
import signal
import struct
import subprocess
import sys
import time

BUILD, TOOLS, SECONDS, PPS, SEED = sys.argv[1], *map(int, sys.argv[2:6])
SIZE = 40
# Nobody gets to the end of it: the end of a file is a record, too.
PACKETS = PPS * (SECONDS + 240)
# ... as is "replaying ... packets a second", with which each run begins.
WORDS = 1
WAIT = 30 + SECONDS // 20

rnd = random.Random(SEED)
did = {}
started = []


def start(command, log):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=log)
    log.close()
    started.append(process)
    return process


def leave_nobody():
    for process in started:
        if process.poll() is None:
            process.kill()


def note(what):
    did[what] = did.get(what, 0) + 1


def uuid_of(tool):
    return "5A12ECE0-0000-0000-0000-%012X" % tool


def make_capture(path):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 105))
        for number in range(PACKETS):
            head = struct.pack("<IIII", 1700000000 + number // 1000, number % 1000 * 1000, SIZE, SIZE)
            f.write(head + struct.pack("<BBHI", 8, 0, 0, number).ljust(SIZE, b"\x2e"))


def send(process, number, what):
    if process and process.poll() is None:
        process.send_signal(number)
        note(what)


# --- the receiver ---

class Receiver:
    def __init__(self):
        self.port, self.process, self.back_at = 0, None, 0

    def start(self):
        if os.path.exists("port"):
            os.unlink("port")
        self.process = start(
            [BUILD + "/kismet_cap_receiver", "--remote-capture-port=%d" % self.port, "--no-httpd",
             "--port-file=port", "--no-table", "--write=got.pcapng"], open("receiver.log", "a"))
        deadline = time.time() + 60
        while not os.path.exists("port") or os.path.getsize("port") == 0:
            if time.time() > deadline or self.process.poll() is not None:
                sys.exit("the receiver does not start: see receiver.log")
            time.sleep(0.02)
        self.port = int(open("port").read())

    def kill(self, now):
        send(self.process, signal.SIGCONT, "")
        send(self.process, signal.SIGKILL, "receiver killed")
        self.process.wait()
        self.back_at = now + rnd.uniform(0, 3)

    def turn(self, now):
        if self.process.poll() is not None and now >= self.back_at:
            self.start()


# --- the tools ---

class Tool:
    def __init__(self, number):
        self.number, self.runs, self.process, self.start_at = number, 0, None, rnd.uniform(0, 2)
        self.stopped_until, self.ended = None, []     # logs of runs that ended in order

    def log(self):
        return "log/%d.%d" % (self.number, self.runs)

    def start(self, port):
        self.runs += 1
        self.process = start(
            [BUILD + "/kismet_cap_pcapfile", "--connect=127.0.0.1:%d" % port, "--tcp",
             "--source=caps.pcap:uuid=%s,name=t%d,pps=%d" % (uuid_of(self.number), self.number, PPS)],
            open(self.log(), "w"))

    def end(self, number, what):
        if not self.process:
            return
        self.wake()
        send(self.process, number, what)
        try:
            status = self.process.wait(WAIT)
        except subprocess.TimeoutExpired:
            sys.exit("FAIL: tool %d does not end after %s" % (self.number, what))
        # Before it has said anything, it may not have come as far as to handle signals.
        early = status == -signal.SIGTERM and os.path.getsize(self.log()) == 0
        if status == 0:
            self.ended.append(self.log())
        elif status != -signal.SIGKILL and not early:
            sys.exit("FAIL: tool %d ended with status %d: see %s" % (self.number, status, self.log()))
        self.process = None

    def stop(self, until):
        if self.process and self.stopped_until is None:
            send(self.process, signal.SIGSTOP, "tool stopped for a while")
            self.stopped_until = until

    def wake(self):
        if self.stopped_until is not None:
            send(self.process, signal.SIGCONT, "")
            self.stopped_until = None

    def turn(self, now, port):
        if self.process is None and now >= self.start_at:
            self.start(port)
        elif self.stopped_until is not None and now >= self.stopped_until:
            self.wake()

    def connected(self):
        text = open(self.log(), errors="replace").read()
        return text.rfind("connected to") > text.rfind("trying")


def cut_a_connection(port):
    """Where the kernel can: the others are cut by kills."""
    result = subprocess.run(["ss", "-tnH", "state", "established", "dport", "=", ":%d" % port],
                            capture_output=True, text=True)
    lines = result.stdout.split("\n")[:-1]
    if not lines:
        return
    own = rnd.choice(lines).split()[2]
    result = subprocess.run(["ss", "-KtnH", "sport", "=", ":" + own.rsplit(":", 1)[1]],
                            capture_output=True, text=True)
    if str(port) in result.stdout:
        note("connection cut")


def one_trouble(tools, receiver, now):
    tool = rnd.choice(tools)
    kind = rnd.randrange(100)
    if kind < 30:
        tool.end(signal.SIGKILL, "tool killed")
        tool.start_at = now + rnd.uniform(0, 2)
    elif kind < 50 and receiver.process.poll() is None:
        tool.end(signal.SIGTERM, "tool asked to end")
        tool.start_at = now + rnd.uniform(0, 2)
    elif kind < 65:
        tool.stop(now + rnd.uniform(0, 5))
    elif kind < 90:
        cut_a_connection(receiver.port)
    elif receiver.process.poll() is None:
        send(receiver.process, signal.SIGSTOP, "receiver stopped for a while")
        time.sleep(rnd.uniform(0, 1.5))
        send(receiver.process, signal.SIGCONT, "")


def run():
    receiver, tools = Receiver(), [Tool(i) for i in range(TOOLS)]
    receiver.start()
    begin = time.time()
    for tool in tools:
        tool.start_at += begin
    next_trouble, next_kill = begin + 3, begin + 5
    while (now := time.time()) < begin + SECONDS:
        receiver.turn(now)
        for tool in tools:
            tool.turn(now, receiver.port)
        if now >= next_trouble:
            one_trouble(tools, receiver, now)
            next_trouble = now + rnd.expovariate(1) * 8 / TOOLS
        if now >= next_kill and receiver.process.poll() is None:
            receiver.kill(now)
            next_kill = now + rnd.uniform(4, 8 + SECONDS / 20)
        time.sleep(0.02)
    calm_down(receiver, tools)
    return tools


def calm_down(receiver, tools):
    """All come back; then they end in order, and the receiver after them."""
    deadline = time.time() + WAIT
    while time.time() < deadline:
        now = time.time()
        receiver.turn(now)
        for tool in tools:
            tool.turn(now, receiver.port)
            tool.wake()
        if all(tool.process and tool.connected() for tool in tools):
            break
        time.sleep(0.2)
    time.sleep(1)
    for tool in tools:
        tool.end(signal.SIGTERM, "tool asked to end")
    receiver.process.terminate()
    if receiver.process.wait(60) != 0:
        sys.exit("FAIL: the receiver ended with an error")


# --- what is in the file ---

def options(data):
    at = 0
    while len(data) - at >= 4:
        code, size = struct.unpack_from("<HH", data, at)
        yield code, data[at + 4:at + 4 + size]
        at += 4 + (size + 3 & ~3)


def received(path):
    """The numbers of each (uuid, instance), in the order of the file."""
    runs, interfaces = {}, []
    with open(path, "rb") as f:
        while len(head := f.read(8)) == 8:
            kind, length = struct.unpack("<II", head)
            body = f.read(length - 8)
            if len(body) != length - 8:
                sys.exit("FAIL: the file ends in the middle of a block")
            if kind == 0x0A0D0D0A:
                interfaces = []
            elif kind == 1:
                words = b" ".join(text for code, text in options(body[8:-4]) if code == 1).decode()
                key = re.search(r"uuid=(\S+) .*instance=(\S+)", words).groups()
                interfaces.append(runs.setdefault(key, []))
            elif kind == 6:
                number = struct.unpack_from("<I", body, 20 + 4)[0]
                interfaces[struct.unpack_from("<I", body)[0]].append(number)
    return runs


def check_runs(runs):
    bad = 0
    for key, numbers in sorted(runs.items()):
        if numbers == list(range(len(numbers))):
            continue
        bad += 1
        wrong = next(i for i, n in enumerate(numbers) if n != i)
        print("FAIL: %s %s: %d packets, of these %d different; number %d comes as number %d" % (
            *key, len(numbers), len(set(numbers)), numbers[wrong], wrong))
    return bad


def said(log):
    """What a run's last line has: records, and of these delivered, waiting, lost."""
    text = open(log, errors="replace").read()
    counts = re.findall(r"(\d+) records: (\d+) delivered, (\d+) waiting, (\d+) lost", text)
    if not counts:
        return None
    return [int(count) for count in counts[-1]]


def check_sums(tools, runs):
    """A source's runs that ended in order, against what came: each run delivered so many."""
    bad = exact = 0
    for tool in tools:
        lengths = [len(n) for (uuid, _), n in runs.items() if uuid == uuid_of(tool.number)]
        for log in tool.ended:
            counts = said(log)
            if counts is None:
                continue
            records, delivered, waiting, lost = counts
            if delivered == 0:
                continue
            # What waits may have come, and only its confirmation was lost.
            least = delivered - WORDS
            fits = [n for n in lengths if least <= n <= least + waiting]
            if not fits or lost or records != delivered + waiting:
                bad += 1
                print("FAIL: %s: said %d delivered, %d waiting, %d lost of %d; came: %s" % (
                    log, delivered, waiting, lost, records, sorted(lengths)))
                continue
            lengths.remove(min(fits))
            exact += waiting == 0
    return bad, exact


def main():
    os.mkdir("log")
    make_capture("caps.pcap")
    begin = time.time()
    tools = run()
    runs = received("got.pcapng")
    bad = check_runs(runs)
    bad_sums, exact = check_sums(tools, runs)
    ended = sum(len(tool.ended) for tool in tools)
    did.pop("", None)
    print("%d tools for %d s, %d runs of them; %s" % (TOOLS, time.time() - begin, sum(
        tool.runs for tool in tools), ", ".join("%s %d times" % x for x in sorted(did.items()))))
    print("%d packets came, of %d runs; %d runs with a hole or a double" % (
        sum(map(len, runs.values())), len(runs), bad))
    print("%d runs ended in order: %d had delivered all, to the packet; %d sums do not match" % (
        ended, exact, bad_sums))
    if not runs or exact == 0:
        print("FAIL: nothing was tried")
        bad += 1
    sys.exit(bad + bad_sums > 0)


try:
    main()
finally:
    leave_nobody()
