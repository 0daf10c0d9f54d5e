# SPDX-License-Identifier: GPL-2.0-or-later
"""The parts of tests/bench/linux-wifi: the machine, the receiver, and what they have to say."""

import os
import re
import socket
import struct
import subprocess
import sys
import threading
import time

from parts import median
from pcap_read import Pcapng, beacon_tsf, injected_number, read_pcap
from procs import Failure, Skip, numbers

# Name, seconds, options of the source; all of it at 5 channels a second.
LISTS = (
    ("three", 15, 'channels="1,6,11"'),
    ("eleven", 20, 'channels="1,2,3,4,5,6,7,8,9,10,11"'),
    ("fourteen", 20, 'channels="1,2,3,4,5,6,7,8,9,10,11,36,40,44"'),
    ("primary", 30, "hop_widths=primary"),
    ("all", 110, ""),
)
ASKED = 5
OUTAGES = (("reset", 0), ("term", 20), ("kill", 20))
RATES = (10, 100, 1000, 3000, 6000, 0)


def plan(names, quick):
    """What the guest is told to do."""
    out = []
    for part in names:
        if part == "hop":
            for name, seconds, options in LISTS[:1] if quick else LISTS:
                out += ["hop", name, 3 if quick else seconds, options, "--"]
        elif part == "outage":
            for kind, seconds in OUTAGES[:1] if quick else OUTAGES:
                out += ["outage", kind, seconds, 4 if quick else 18, "--"]
        else:
            rates = (10, 1000) if quick else RATES
            out += ["load", 1 if quick else 8, *rates, "--"]
            out += ["others", 1 if quick else 8, *rates[1:], "--"]
    return [str(word) for word in out]


# --- what runs here ------------------------------------------------------------------------------


class Receiver:
    """kismet_cap_receiver; keeps what it writes, with the time at which it came."""

    def __init__(self, program, scratch):
        self.program, self.port = program, 0
        self.log = os.path.join(scratch, "receiver.log")
        self.port_file = os.path.join(scratch, "port")
        self.pieces = []        # (process, ns since 1970, bytes)
        self.runs = 0
        self.proc = self.thread = None
        self.start()

    def start(self):
        if os.path.exists(self.port_file):
            os.unlink(self.port_file)
        with open(self.log, "ab") as log:
            self.proc = subprocess.Popen(
                [self.program, f"--remote-capture-port={self.port}", "--no-httpd", "--write=-",
                 f"--port-file={self.port_file}"],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        self.runs += 1
        self.thread = threading.Thread(target=self._read, args=(self.proc.stdout, self.runs))
        self.thread.start()
        deadline = time.monotonic() + 10
        while not os.path.exists(self.port_file):
            if time.monotonic() > deadline or self.proc.poll() is not None:
                raise Failure(f"the receiver does not start, see {self.log}")
            time.sleep(0.01)
        with open(self.port_file, encoding="ascii") as f:
            self.port = int(f.read())

    def _read(self, stdout, which):
        while piece := os.read(stdout.fileno(), 1 << 20):
            self.pieces.append((which, time.time_ns(), piece))

    def stop(self, kill=False):
        if kill:
            self.proc.kill()
        else:
            self.proc.terminate()
        self.proc.wait()
        self.thread.join()
        self.proc.stdout.close()

    def packets(self):
        """[(arrival in ns, capture in us, bytes)]; those that came again, too."""
        out, streams = [], {}
        for which, ns, piece in self.pieces:
            stream = streams.setdefault(which, Pcapng())
            out += [(ns, us, data) for us, data in stream.feed(piece)]
        return out


class Clock:
    """Tells the guest what time it is here; see roundtrip.c."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            connection, _ = self.listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection:
                while connection.recv(1):
                    connection.sendall(struct.pack("<Q", time.time_ns()))


class Discard:
    """Reads what comes, for nc."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            connection, _ = self.listener.accept()
            with connection:
                while connection.recv(1 << 20):
                    pass


class Guest:
    """The virtual machine; a thread sees what it says, and acts on it."""

    def __init__(self, bench, receiver, words, out):
        clock, discard = Clock(), Discard()
        lib = os.path.join(bench.src, "tests")
        self.receiver, self.events = receiver, []
        self.proc = subprocess.Popen(
            [os.path.join(lib, "lib", "hwsim-vm"), "--radios", "5", "--cpus", "2", "--timeout",
             "900", "--out", out, "--bring", bench.bin, os.path.join(lib, "lib"),
             os.path.join(lib, "bench"), "--", "env", f"BIN={bench.bin}",
             f"SERVER=10.0.2.2:{receiver.port}", f"CLOCK_PORT={clock.port}",
             f"DISCARD_PORT={discard.port}", "bash",
             os.path.join(lib, "bench", "linux-wifi-guest.sh"), *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)

    def run(self):
        said = []
        for line in self.proc.stdout:
            print(f"# {line}", end="", file=sys.stderr, flush=True)
            said.append(line)
            if " time=" in line:
                self.events.append((line.split()[0], numbers(line)))
            if line.startswith("outage "):
                self._outage(**{k: v for k, v in self.events[-1][1].items() if k != "time"})
        code = self.proc.wait()
        if code == 77:
            raise Skip("there is no virtual machine here")
        if code != 0:
            raise Failure(f"the virtual machine exited {code}: {''.join(said[-10:])}")

    def _outage(self, kind, seconds):
        self.receiver.stop(kill=kind == "kill")
        time.sleep(seconds)
        self.receiver.start()

    def named(self, name, **wanted):
        """The values of its events of a name."""
        return [v for n, v in self.events
                if n == name and all(v.get(k) == x for k, x in wanted.items())]


# --- hopping -------------------------------------------------------------------------------------


def read_trace(path):
    """[(seconds, MHz, (width, centre))] of each channel that was set."""
    out = []
    with open(path, encoding="ascii", errors="replace") as f:
        for line in f:
            found = re.search(r" ([\d.]+): rdev_set_monitor_channel: .*?freq: (\d+).*?width: (\d+)"
                              r".*?cf1[:=] ?(\d+)", line)
            if found:
                out.append((float(found[1]), int(found[2]), (int(found[3]), int(found[4]))))
    return out


def usable(path):
    """MHz that the radio has, of the three bands of Wi-Fi, after iw."""
    with open(path, encoding="utf-8") as f:
        lines = re.findall(r"\* (\d+)(?:\.\d+)? MHz \[\d+\](.*)", f.read())
    return {int(mhz) for mhz, rest in lines if "disabled" not in rest and 2400 < int(mhz) < 7200}


def coverage(sets, key):
    """How many different ones there are, and after how many seconds the last one was there."""
    first = {}
    for at in sets:
        first.setdefault(key(at), at[0] - sets[0][0])
    return len(first), max(first.values())


def hop_figures(out, guest):
    results = {}
    for event in guest.named("hopped"):
        name = event["name"]
        sets = read_trace(os.path.join(out, f"hop-{name}"))
        # The first one is that of the start, before the server said anything of hopping.
        waits = [1000 * (b[0] - a[0]) for a, b in zip(sets[1:], sets[2:])]
        if len(waits) < 5:
            raise Failure(f"hop {name}: only {len(sets)} channels were set")
        options = dict((n, o) for n, _, o in LISTS)[name]
        wanted = set(usable(os.path.join(out, "channels")))
        if "channels=" in options:
            listed = re.findall(r"\d+", options)
            wanted = {2407 + 5 * int(c) if int(c) < 14 else 5000 + 5 * int(c) for c in listed}
        frequencies, last = coverage(sets[1:], lambda s: s[1])
        tunings, _ = coverage(sets[1:], lambda s: s[1:])
        results[name] = {
            "entries": event["entries"], "sets": len(sets) - 1,
            "rate": 1000 * len(waits) / sum(waits), "min_ms": min(waits),
            "median_ms": median(waits), "max_ms": max(waits), "frequencies": frequencies,
            "wanted": len(wanted), "missed": sorted(wanted - {s[1] for s in sets}),
            "tunings": tunings, "all_after_s": last,
        }
    return results


# --- a server that goes away ---------------------------------------------------------------------


def outage_figures(out, guest, packets):
    results = {}
    arrived = {}
    for ns, us, data in packets:
        tsf = beacon_tsf(data)
        if tsf is not None:
            arrived.setdefault(tsf, (ns, us))
    for event in guest.named("outage"):
        kind = event["kind"]
        reference = [(us, beacon_tsf(data)) for us, data in
                     read_pcap(os.path.join(out, f"{kind}.pcap"))]
        # Up to where the end of the run may have cut either side short.
        until = guest.named("back", kind=kind)[0]["time"] / 1000 - 2000000
        on_air = [(us, tsf) for us, tsf in reference if tsf is not None and us < until]
        before = [us for us, tsf in on_air if tsf in arrived]
        if not before:
            raise Failure(f"outage {kind}: no beacon arrived")
        lost = [us for us, tsf in on_air if us >= before[0] and tsf not in arrived]
        times = sorted(us for us, tsf in on_air if tsf in arrived)
        gap = max(b - a for a, b in zip(times, times[1:])) / 1e6
        results[kind] = {"seconds": event["seconds"], "beacons": len(on_air), "lost": len(lost),
                         "gap_s": gap}
    return results


# --- delay, CPU, memory --------------------------------------------------------------------------


def host_clock(guest):
    """A function from ns of the guest's clock to ns of this machine's."""
    points = [(e["at"], int(e["add"])) for e in guest.named("clock")]

    def convert(ns):
        after = next((p for p in points if p[0] >= ns), points[-1])
        before = next((p for p in reversed(points) if p[0] <= ns), points[0])
        span = after[0] - before[0]
        share = (ns - before[0]) / span if span > 0 else 0
        return ns + before[1] + share * (after[1] - before[1])

    return convert


def percentile(values, share):
    return values[min(len(values) - 1, int(len(values) * share))]


def load_figures(guest, packets):
    convert = host_clock(guest)
    results = {}
    for begin in guest.named("begin", who="tool"):
        rate = begin["rate"]
        end = guest.named("end", who="tool", rate=rate)[0]
        usage = guest.named("usage", who="tool", rate=rate)[0]
        of = beacon_tsf if rate == 10 else injected_number
        found, ages = set(), []
        for ns, us, data in packets:
            if not begin["time"] <= us * 1000 <= end["time"] + 10 ** 9:
                continue
            name = of(data)
            if name is not None and name not in found:
                found.add(name)
                ages.append((ns - convert(us * 1000)) / 1e6)
        ages.sort()
        if not ages:
            raise Failure(f"nothing arrived at {rate} frames/s")
        sent = end["sent"] or len(ages)
        seconds = (end["time"] - begin["time"]) / 1e9
        frames = sum(1 for _, us, _ in packets if begin["time"] <= us * 1000 <= end["time"] + 5e8)
        results[rate] = {
            "sent": sent, "arrived": len(ages), "lost": sent - len(ages),
            "not_heard": max(0, sent - usage["heard"]),
            "fps": sent * 1e9 / end["ns"] if end["ns"] else frames / seconds,
            "min_ms": ages[0], "median_ms": percentile(ages, 0.5),
            "p95_ms": percentile(ages, 0.95), "p99_ms": percentile(ages, 0.99),
            "max_ms": ages[-1], "cpu_us": usage["cpu"] / 1e3 / frames,
            "cpu_ms_per_s": usage["cpu"] / 1e6 / (seconds + 0.5),
            "memory_kib": [[int(n) for n in pair.split("/")]
                           for pair in usage["memory"].split(",")],
        }
    return results


def other_figures(guest, who):
    results = {}
    for begin in guest.named("begin", who=who):
        rate = begin["rate"]
        end = guest.named("end", who=who, rate=rate)[0]
        usage = guest.named("usage", who=who, rate=rate)[0]
        results[rate] = {"sent": end["sent"], "fps": end["sent"] * 1e9 / end["ns"],
                         "cpu_us": usage["cpu"] / 1e3 / end["sent"],
                         "memory_kib": [[int(n) for n in pair.split("/")]
                                        for pair in usage["memory"].split(",")]}
    return results


# --- all of it -----------------------------------------------------------------------------------


def measure(bench, names):
    out = os.path.join(bench.scratch, "out")
    receiver = Receiver(bench.receiver, bench.scratch)
    guest = Guest(bench, receiver, plan(names, bench.quick), out)
    try:
        guest.run()
    finally:
        guest.proc.terminate()
        receiver.stop()
    packets = receiver.packets()
    results = {}
    if "hop" in names:
        results["hop"] = hop_figures(out, guest)
    if "outage" in names:
        results["outage"] = outage_figures(out, guest, packets)
    if "load" in names:
        results["load"] = load_figures(guest, packets)
        results["tcpdump"] = other_figures(guest, "tcpdump")
        results["netcat"] = other_figures(guest, "netcat")
        results["prompt"] = other_figures(guest, "prompt")
    return results
