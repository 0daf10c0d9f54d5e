# SPDX-License-Identifier: GPL-2.0-or-later
"""The parts of the benchmark. Each takes the bench and returns what it found, for the report."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time

from procs import Failure, Sender, Sink, Skip, cpu_seconds, status, strace_counts

GENERATIONS = ("v3", "v2", "v0")
BASELINES = ("sendfile", "cat, nc")


def median(values):
    values = sorted(values)
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def check(result, packets, again=False):
    """What the sink counted must be the whole file, each packet once."""
    wrong = {k: result[k] for k in ("lost", "bad") if result[k]}
    if result["again"] and not again:
        wrong["again"] = result["again"]
    if result["packets"] - result["again"] != packets or wrong:
        raise Failure(f"{result['packets']} of {packets} packets arrived, {wrong or 'none wrong'} "
                      f"(the sink stopped because: {result['why']})")


def check_received(what, got, sent):
    if got != sent:
        raise Failure(f"{what}: {got} of {sent} packets are in the receiver's file")


def need(program, *trial):
    """Skips the part when the program is missing, or may not do here what trial does."""
    if not shutil.which(program):
        raise Skip(f"{program} is not installed")
    if trial and subprocess.run([program, *trial], capture_output=True, check=False).returncode:
        raise Skip(f"{program} does not work here")


def progress(text):
    print(f"# {text}", file=sys.stderr, flush=True)


# --- how fast ------------------------------------------------------------------------------------


def netcat():
    """nc that ends after the end of its input, in the words of the one that is installed."""
    need("nc")
    said = subprocess.run(["nc", "-h"], capture_output=True, text=True, check=False)
    words = said.stdout + said.stderr
    if "ncat" in words.lower():
        return "nc --send-only"
    if re.search(r"^\s*-N\s", words, re.M):
        return "nc -N"
    if re.search(r"^\s*-q\s", words, re.M):
        return "nc -q 0"
    raise Skip("this nc cannot end after its input")


def baseline_argv(bench, name, path, port):
    if name == "sendfile":
        return [bench.program("sendfile"), path, str(port)], False
    return f"cat '{path}' | {bench.netcat} 127.0.0.1 {port}", True


def send_baseline(bench, name, path, packets):
    sink = Sink(bench.program("sink"), "--raw")
    argv, shell = baseline_argv(bench, name, path, sink.port)
    sender = Sender(argv, shell=shell)
    try:
        result = sink.wait("result", bench.timeout)
        _, usage = sender.wait(10)
    finally:
        sender.kill()
        sink_cpu = sink.close()
    if result["bytes"] != os.path.getsize(path):
        raise Failure(f"{name}: {result['bytes']} bytes arrived")
    return figures(result, result["accept_ns"], packets, usage, sink_cpu)


def send_tool(bench, gen, path, packets, verify, websocket=False):
    """Stays connected at the end of the file, so that its memory can be read."""
    options = [*(["--verify", path] if verify else []), *(["--websocket"] if websocket else [])]
    sink = Sink(bench.program("sink"), "--expect", packets, *options)
    sender = bench.start_tool(sink.port, path, gen, websocket=websocket)
    try:
        result = sink.wait("result", bench.timeout)
        check(result, packets)
        memory = status(sender.pid)
        _, usage = sender.stop()
    finally:
        sender.kill()
        sink_cpu = sink.close()
    out = figures(result, result["open_ns"], packets, usage, sink_cpu)
    out["rss_kib"] = memory["VmHWM"]
    out["first_ms"] = (result["first_ns"] - sender.start_ns) / 1e6
    return out


def figures(result, from_ns, packets, usage, sink_cpu):
    seconds = (result["last_ns"] - from_ns) / 1e9
    return {
        "seconds": seconds,
        "pps": packets / seconds,
        "mbps": result["bytes"] / seconds / 1e6,
        "cpu_s_per_mpkt": cpu_seconds(usage) / packets * 1e6,
        "user_s_per_mpkt": usage.ru_utime / packets * 1e6,
        "sink_s_per_mpkt": sink_cpu / packets * 1e6,
    }


def throughput(bench, profile):
    """Interleaved rounds. Before the first one, each generation's bytes are compared with the
    file; that also brings the file into memory."""
    path = bench.capture(bench.packets, profile)
    out = {name: [] for name in (*BASELINES, *GENERATIONS)}
    for gen in GENERATIONS:
        send_tool(bench, gen, path, bench.packets, verify=True)
    for n in range(bench.rounds):
        progress(f"{profile}: round {n + 1} of {bench.rounds}")
        for name in BASELINES:
            out[name].append(send_baseline(bench, name, path, bench.packets))
        for gen in GENERATIONS:
            out[gen].append(send_tool(bench, gen, path, bench.packets, verify=False))
    return out


def part_mix(bench):
    return throughput(bench, "mix")


def part_small(bench):
    return throughput(bench, "small")


# --- what it takes -------------------------------------------------------------------------------


def memory_after(bench, gen, path, loops):
    packets = bench.packets * loops
    sink = Sink(bench.program("sink"), "--expect", packets)
    sender = bench.start_tool(sink.port, f"{path}:loop={loops}", gen)
    try:
        check(sink.wait("result", bench.timeout * loops), packets)
        return status(sender.pid)["VmHWM"]
    finally:
        sender.kill()
        sink.close()


def part_memory(bench):
    """Peak RSS after the file, and after four times as many packets."""
    path = bench.capture(bench.packets, "small")
    out = {}
    for gen in GENERATIONS:
        once, four = (memory_after(bench, gen, path, loops) for loops in (1, 4))
        out[gen] = {"once_kib": once, "four_kib": four,
                    "bytes_per_packet": (four - once) * 1024 / (3 * bench.packets)}
    return out


def run_to_end(bench, gen, path, packets, before, log):
    """The tool under another program, from start to end."""
    sink = Sink(bench.program("sink"), "--expect", packets, "--idle-ms", 60000)
    sender = bench.start_tool(sink.port, f"{path}:exit=true", gen, before=before, log=log)
    try:
        check(sink.wait("result", bench.timeout + 60), packets)
        code, _ = sender.wait(60)
    finally:
        sender.kill()
        sink.close()
    if code != 0:
        raise Failure(f"{' '.join(before[:1])} {bench.tool}: exit status {code}: {sender.said()}")


def part_syscalls(bench):
    """All calls of the process, start and end included, over the packets of the mixed file."""
    need("strace", "-c", "-f", "true")
    path, out = bench.capture(bench.packets, "mix"), {}
    for gen in GENERATIONS:
        counts = bench.scratch("strace")
        run_to_end(bench, gen, path, bench.packets, ["strace", "-f", "-c", "-o", counts], None)
        calls = strace_counts(counts)
        total = sum(n for n, _ in calls)
        out[gen] = {"calls": total, "per_packet": total / bench.packets, "most": calls[:8]}
    return out


def callgrind(bench, gen, packets):
    path, log = bench.capture(packets, "mix"), bench.scratch("callgrind.log")
    profile = bench.scratch(f"callgrind.{gen}.{packets}")
    run_to_end(bench, gen, path, packets,
               ["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}"], log)
    with open(log, encoding="utf-8", errors="replace") as f:
        found = re.search(r"Collected : (\d+)", f.read())
    if not found:
        raise Failure(f"callgrind did not say what it collected, see {log}")
    return int(found[1])


def part_instructions(bench):
    """User-space instructions of the whole process: the slope between two lengths of the file."""
    need("valgrind", "-q", "--tool=none", "true")
    few, many = (2000, 10000) if bench.quick else (20000, 100000)
    out = {}
    for gen in GENERATIONS:
        a, b = callgrind(bench, gen, few), callgrind(bench, gen, many)
        slope = (b - a) / (many - few)
        out[gen] = {"per_packet": slope, "start": a - slope * few}
        progress(f"instructions: {gen}: {slope:.1f} a packet")
    return out


# --- when there is little to do ------------------------------------------------------------------


def idle_tool(bench, path, packets):
    sink = Sink(bench.program("sink"), "--expect", packets)
    sender = bench.start_tool(sink.port, path, "v3")
    try:
        check(sink.wait("result", bench.timeout), packets)
    except Failure:
        sender.kill()
        sink.close()
        raise
    return sink, sender


def idle_calls(sender, seconds, counts):
    """System calls while strace is attached; None where it may not attach."""
    with open(os.devnull, "wb") as null:
        tracer = subprocess.Popen(["strace", "-f", "-c", "-o", counts, "-p", str(sender.pid)],
                                  stderr=null)
    time.sleep(seconds)
    tracer.send_signal(signal.SIGINT)
    tracer.wait()
    calls = strace_counts(counts) if os.path.exists(counts) else []
    return sum(n for n, _ in calls) / seconds if calls else None


def part_idle(bench):
    """Connected, at the end of the file. One process is counted, another traced: tracing wakes."""
    packets, seconds = 2000, 3 if bench.quick else 30
    path = bench.capture(packets, "mix")
    pairs = [idle_tool(bench, path, packets) for _ in range(2)]
    progress(f"idle: {seconds} s")
    try:
        time.sleep(1 if bench.quick else 3)
        pid, start = pairs[0][1].pid, time.monotonic()
        before = status(pid)
        traced = bool(shutil.which("strace"))
        calls = idle_calls(pairs[1][1], seconds, bench.scratch("idle")) if traced else None
        time.sleep(max(0, seconds - (time.monotonic() - start)))
        after, took = status(pid), time.monotonic() - start
    finally:
        for sink, sender in pairs:
            sender.kill()
            sink.close()
    return {"wakeups_per_s": (after["switches"] - before["switches"]) / took,
            "cpu_ms_per_s": (after["cpu_ns"] - before["cpu_ns"]) / 1e6 / took,
            "calls_per_s": calls, "rss_kib": after["VmRSS"], "threads": after["Threads"]}


def part_latency(bench):
    """1000 packets a second through a FIFO, each with the time at which it was written."""
    packets, rate = (2000 if bench.quick else 20000), 1000
    fifo = bench.scratch("fifo")
    os.mkfifo(fifo)
    sink = Sink(bench.program("sink"), "--latency", "--expect", packets)
    sender = bench.start_tool(sink.port, fifo, "v3")
    drip = subprocess.Popen([bench.program("drip"), fifo, str(packets), str(rate)],
                            stdin=subprocess.PIPE)
    try:
        sink.wait("open", 20)
        progress(f"latency: {packets / rate:.0f} s")
        before = status(sender.pid)
        drip.stdin.write(b"\n")
        drip.stdin.close()
        check(sink.wait("result", packets / rate + 30), packets)
        after = status(sender.pid)
    finally:
        drip.kill()
        drip.wait()
        sender.kill()
        sink.close()
    out = {k: v / 1000 for k, v in sink.event("latency").items() if k.endswith("_us")}
    return {"p50_ms": out["p50_us"], "p99_ms": out["p99_us"], "max_ms": out["max_us"],
            "cpu_us_per_packet": (after["cpu_ns"] - before["cpu_ns"]) / 1e3 / packets,
            "switches_per_packet": (after["switches"] - before["switches"]) / packets}


# --- beginnings ----------------------------------------------------------------------------------


def start_once(bench, path, packets, gen):
    sink = Sink(bench.program("sink"), "--expect", packets, "--verify", path)
    sender = bench.start_tool(sink.port, f"{path}:exit=true", gen)
    try:
        result = sink.wait("result", bench.timeout)
        check(result, packets)
        code, _ = sender.wait(10)
        if code != 0:
            raise Failure(f"exit status {code} after the end of the file: {sender.said()}")
    finally:
        sender.kill()
        sink.close()
    return (result["first_ns"] - sender.start_ns) / 1e6


def part_start(bench):
    """From exec to the first packet at the sink."""
    packets = 2000
    path = bench.capture(packets, "mix")
    return {gen: [start_once(bench, path, packets, gen) for _ in range(3 if bench.quick else 20)]
            for gen in ("v3", "v2", "auto")}


def reconnect_once(bench, path, down_ms):
    """The server goes away in the middle of the file and comes back after down_ms."""
    sink = Sink(bench.program("sink"), "--expect", bench.packets, "--verify", path,
                "--close-at", bench.packets // 2, "--down-ms", down_ms)
    sender = bench.start_tool(sink.port, path, "v3", log=bench.scratch("reconnect.log"))
    try:
        result = sink.wait("result", bench.timeout + 30)
        check(result, bench.packets, again=True)
    finally:
        sender.kill()
        sink.close()
    back = sink.event("listening" if down_ms else "end")["ns"]
    return {"seconds": (sink.event("accept")["ns"] - back) / 1e9, "again": result["again"]}


def part_reconnect(bench):
    """Close of a connection, or return of the server, to the next connection. Nothing may be lost;
    what was not acknowledged comes again."""
    path = bench.capture(bench.packets, "mix")
    down = (0, 100) if bench.quick else (0, 100, 1000)
    return {ms: [reconnect_once(bench, path, ms) for _ in range(1 if bench.quick else 5)]
            for ms in down}
