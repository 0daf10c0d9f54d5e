# SPDX-License-Identifier: GPL-2.0-or-later
"""Processes of the benchmark: the sink, what sends to it, and what /proc tells about them."""

import os
import re
import select
import signal
import subprocess
import time


SINK_SOURCES = ["sink.c", "sink_options.c", "websocket.c", "expected.c", "wire.c", "wire_data.c",
                "wire_fields.c"]


class Failure(Exception):
    """A part could not be measured, or what arrived was wrong."""


class Skip(Exception):
    """A program that a part needs is missing."""


def numbers(line):
    """ "event key=1 key=x" -> {"key": 1, ...} """
    pairs = (word.split("=", 1) for word in line.split()[1:])
    return {k: int(v) if v.isdigit() else v for k, v in pairs}


class Sink:
    """The server's side; see sink.c."""

    def __init__(self, program, *options):
        self.proc = subprocess.Popen([program, *map(str, options)], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE)
        self.rest = b""
        self.waiting = []
        self.seen = []
        self.port = self.wait("listening", 10)["port"]

    def _line(self, deadline):
        while b"\n" not in self.rest:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.proc.stdout], [], [], left)[0]:
                return None
            got = os.read(self.proc.stdout.fileno(), 65536)
            if not got:
                return None
            self.rest += got
        line, _, self.rest = self.rest.partition(b"\n")
        return line.decode()

    def wait(self, event, seconds):
        """The next event of this name, with its values; others are kept in seen."""
        deadline = time.monotonic() + seconds
        while (line := self._line(deadline)) is not None:
            self.seen.append((line.split()[0], numbers(line)))
            if line.split()[0] == event:
                return self.seen[-1][1]
        said = ", ".join(name for name, _ in self.seen) or "nothing"
        raise Failure(f"the sink said no \"{event}\" within {seconds} s, but: {said}")

    def event(self, name):
        """The last event of this name that was seen."""
        return [values for seen, values in self.seen if seen == name][-1]

    def close(self):
        """Ends the sink; returns the CPU seconds it took."""
        self.proc.stdin.close()
        try:
            _, _, usage = os.wait4(self.proc.pid, 0)
        finally:
            self.proc.stdout.close()
        self.proc.returncode = 0
        return usage.ru_utime + usage.ru_stime


class Sender:
    """A program that sends, in a process group of its own."""

    def __init__(self, argv, log=None, shell=False):
        self.argv = argv
        self.log = log
        out = open(log, "wb") if log else subprocess.DEVNULL
        self.start_ns = time.monotonic_ns()
        self.end_ns = None
        self.proc = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                     stderr=out, start_new_session=True, shell=shell)
        if log:
            out.close()

    @property
    def pid(self):
        return self.proc.pid

    def said(self):
        """The last line of its log."""
        if not self.log:
            return ""
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return ([""] + f.read().strip().splitlines())[-1]

    def wait(self, seconds):
        """Waits for it to end by itself; returns its exit status and what it used."""
        deadline = time.monotonic() + seconds
        while True:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self.end_ns = time.monotonic_ns()
                break
            if time.monotonic() > deadline:
                self.kill()
                raise Failure(f"{self.argv[0]} did not end within {seconds} s: {self.said()}")
            time.sleep(0.005)
        self.proc.returncode = os.waitstatus_to_exitcode(status)
        return self.proc.returncode, usage

    def stop(self, seconds=10):
        """Asks it to end."""
        os.kill(self.pid, signal.SIGTERM)
        return self.wait(seconds)

    def kill(self):
        """Ends it and its children, whatever happened; nothing when it has ended already."""
        if self.proc.returncode is not None:
            return
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.proc.wait()


def wait_for_file(path, seconds):
    """What a program writes into a file of one line, once it is there."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if os.path.exists(path):
            with open(path, encoding="ascii") as f:
                line = f.read()
            if line.endswith("\n"):
                return line.strip()
        time.sleep(0.01)
    raise Failure(f"there was no {path} within {seconds} s")


def cpu_seconds(usage):
    return usage.ru_utime + usage.ru_stime


def status(pid):
    """Memory in KiB, context switches and CPU time of a process with all its threads."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        fields = dict(line.split(":", 1) for line in f)
    out = {k: int(fields[k].split()[0]) for k in ("VmHWM", "VmRSS", "Threads")}
    out["switches"] = out["cpu_ns"] = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status", encoding="ascii") as f:
            out["switches"] += sum(int(n) for n in re.findall(r"ctxt_switches:\s+(\d+)", f.read()))
        try:
            with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as f:
                out["cpu_ns"] += int(f.read().split()[0])
        except OSError:
            pass
    return out


def strace_counts(path):
    """What strace -c wrote: [(calls, name)], the most frequent first."""
    out = []
    with open(path, encoding="ascii", errors="replace") as f:
        for line in f:
            words = line.split()
            if len(words) >= 5 and re.fullmatch(r"[\d.]+", words[0]) and words[-1] != "total":
                out.append((int(words[3]), words[-1]))
    return sorted(out, reverse=True)
