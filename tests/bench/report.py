# SPDX-License-Identifier: GPL-2.0-or-later
"""The goals, and the report in Markdown."""

import os
import platform
import subprocess

from parts import BASELINES, GENERATIONS, median


def ratios(results, part, gen, base, what="pps"):
    """Round by round: other work on the machine slows both down alike."""
    return [a[what] / b[what] for a, b in zip(results[part][gen], results[part][base])]


def of_tcp(results, profile):
    rounds = results["websocket"][profile]
    return [ws["pps"] / tcp["pps"] for ws, tcp in zip(rounds["ws"], rounds["tcp"])]


# Part, what it is, the figure (a list: its median counts), how it must be, the goal.
GOALS = [
    ("mix", "v3, packets/s of sendfile's", lambda r: ratios(r, "mix", "v3", "sendfile"), ">=", 0.6),
    ("mix", "v3, packets/s of cat, nc", lambda r: ratios(r, "mix", "v3", "cat, nc"), ">=", 0.9),
    ("mix", "v2, packets/s of sendfile's", lambda r: ratios(r, "mix", "v2", "sendfile"), ">=", 0.5),
    ("mix", "v2, packets/s of cat, nc", lambda r: ratios(r, "mix", "v2", "cat, nc"), ">=", 0.8),
    ("instructions", "v3, a packet", lambda r: r["instructions"]["v3"]["per_packet"], "<=", 300),
    ("instructions", "v2, a packet", lambda r: r["instructions"]["v2"]["per_packet"], "<=", 450),
    ("syscalls", "v3, a packet", lambda r: r["syscalls"]["v3"]["per_packet"], "<=", 0.01),
    ("syscalls", "v2, a packet", lambda r: r["syscalls"]["v2"]["per_packet"], "<=", 0.01),
    ("memory", "peak RSS, KiB",
     lambda r: max(v["four_kib"] for v in r["memory"].values()), "<=", 4096),
    ("memory", "growth, bytes a packet",
     lambda r: max(v["bytes_per_packet"] for v in r["memory"].values()), "<=", 0.1),
    ("idle", "wake-ups a second", lambda r: r["idle"]["wakeups_per_s"], "<=", 0.5),
    ("latency", "at 1000 packets/s, 99 %, ms", lambda r: r["latency"]["p99_ms"], "<", 20),
    ("start", "v3, to the first packet, ms", lambda r: r["start"]["v3"], "<", 50),
    ("start", "auto, to the first packet, ms", lambda r: r["start"]["auto"], "<", 50),
    ("reconnect", "server returned at once, s",
     lambda r: [x["seconds"] for x in r["reconnect"][0]], "<", 1.5),
    ("reconnect", "server returned after 0.1 s, s",
     lambda r: [x["seconds"] for x in r["reconnect"][100]], "<", 1.5),
    ("websocket", "mix, packets/s of TCP's", lambda r: of_tcp(r, "mix"), ">=", 0.5),
    ("websocket", "small, packets/s of TCP's", lambda r: of_tcp(r, "small"), ">=", 0.5),
    ("websocket", "to the receiver, packets/s of TCP's", lambda r: of_tcp(r, "receiver"), ">=",
     0.5),
]


def meets(figure, op, goal):
    value = median(figure) if isinstance(figure, list) else figure
    return {"<": value < goal, "<=": value <= goal, ">=": value >= goal}[op]


def missed(results):
    return [f"{part}: {what}" for part, what, figure, op, goal in GOALS
            if part in results and not meets(figure(results), op, goal)]


# --- Markdown ------------------------------------------------------------------------------------


def number(v):
    """Three digits that mean something, and no exponent."""
    if v is None:
        return "-"
    for limit, digits in ((0.1, 4), (10, 2), (100, 1)):
        if abs(v) < limit:
            return f"{v:.{digits}f}"
    return f"{v:.0f}"


def spread(v):
    if not isinstance(v, list):
        return number(v)
    if len(v) == 1:
        return number(v[0])
    return f"{number(median(v))} [{number(min(v))}..{number(max(v))}]"


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in lines) + "\n"


def machine(bench):
    model = "CPU"
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as f:
            model = next((line.split(":", 1)[1].strip() for line in f
                          if line.startswith("model name")), model)
    version = subprocess.run([bench.tool, "--version"], capture_output=True, text=True, check=False)
    return (f"{(version.stdout.splitlines() or ['?'])[0]}; {platform.system()} "
            f"{platform.release()}, {os.cpu_count()} x {model}; load {os.getloadavg()[0]:.1f}. "
            f"Median [min..max].\n")


def throughput(bench, name, rounds):
    rows = []
    for sender in (*BASELINES, *GENERATIONS):
        column = {k: [r.get(k) for r in rounds[sender]] for k in rounds[sender][0]}
        results = {name: rounds}
        rows.append([
            sender,
            spread([v / 1e3 for v in column["pps"]]),
            spread(column["mbps"]),
            spread(ratios(results, name, sender, "sendfile")),
            spread(ratios(results, name, sender, "cat, nc")),
            spread(ratios(results, name, sender, "sendfile", "mbps")),
            spread(column["cpu_s_per_mpkt"]),
            number(median(column["user_s_per_mpkt"])),
            spread(column["rss_kib"]) if "rss_kib" in column else "-",
            spread(column["first_ms"]) if "first_ms" in column else "-",
            number(median(column["sink_s_per_mpkt"])),
        ])
    size = os.path.getsize(bench.capture(bench.packets, name))
    return (f"### {name}: {bench.packets} packets, {size / 1e6:.0f} MB, {bench.rounds} rounds\n\n" +
            table(["sender", "1000 packets/s", "MB/s", "packets/s of sendfile's", "of cat, nc",
                   "MB/s of sendfile's", "CPU s a million", "of it user", "peak RSS KiB",
                   "first packet ms", "sink CPU s a million"], rows))


def per_generation(results):
    """Memory, system calls and instructions: a column for each generation."""
    rows = []
    for part, what, key in (("memory", "peak RSS KiB, all packets once", "once_kib"),
                            ("memory", "peak RSS KiB, four times", "four_kib"),
                            ("memory", "growth, bytes a packet", "bytes_per_packet"),
                            ("syscalls", "system calls a packet", "per_packet"),
                            ("instructions", "instructions a packet", "per_packet"),
                            ("instructions", "instructions to start and end", "start")):
        if part in results:
            rows.append([what, *(number(results[part][gen][key]) for gen in GENERATIONS)])
    if "syscalls" in results:
        rows.append(["most frequent calls", *(
            ", ".join(f"{n} {name}" for n, name in results["syscalls"][gen]["most"])
            for gen in GENERATIONS)])
    return "### What it takes\n\n" + table(["", *GENERATIONS], rows) if rows else ""


def moments(results):
    rows = []
    if "idle" in results:
        r = results["idle"]
        rows.append(["idle", f"{number(r['wakeups_per_s'])} wake-ups/s, "
                     f"{number(r['calls_per_s'])} system calls/s, "
                     f"{number(r['cpu_ms_per_s'])} ms CPU/s, {r['rss_kib']} KiB, "
                     f"{r['threads']} thread(s)"])
    if "latency" in results:
        r = results["latency"]
        rows.append(["1000 packets/s", f"p50 {number(r['p50_ms'])} ms, p99 {number(r['p99_ms'])} "
                     f"ms, max {number(r['max_ms'])} ms; {number(r['cpu_us_per_packet'])} us CPU "
                     f"and {number(r['switches_per_packet'])} context switches a packet"])
    for gen, ms in results.get("start", {}).items():
        rows.append([f"start to first packet, {gen}", f"{spread(ms)} ms"])
    for down, runs in results.get("reconnect", {}).items():
        rows.append([f"reconnect, server away for {down} ms",
                     f"{spread([x['seconds'] for x in runs])} s, "
                     f"{spread([x['again'] for x in runs])} packets came again, none was lost"])
    return "### Moments\n\n" + table(["", ""], rows) if rows else ""


LINKS = {"tcp": "TCP", "ws": "WebSocket", "wss": "WebSocket, TLS"}
SERVERS = {"mix": "sink, mix", "small": "sink, small", "receiver": "receiver, mix"}


def websocket(results):
    rows = []
    for server, rounds in results.get("websocket", {}).items():
        for link, runs in rounds.items():
            rows.append([
                SERVERS[server], LINKS[link],
                spread([r["pps"] / 1e3 for r in runs]),
                spread([a["pps"] / b["pps"] for a, b in zip(runs, rounds["tcp"])]),
                spread([r["cpu_s_per_mpkt"] for r in runs]),
                spread([r["sink_s_per_mpkt"] for r in runs]),
                spread([r["rss_kib"] for r in runs]) if "rss_kib" in runs[0] else "-",
            ])
    return "### WebSocket, v3\n\n" + table(
        ["server", "link", "1000 packets/s", "of TCP's", "CPU s a million", "server's CPU s",
         "peak RSS KiB"], rows) if rows else ""


def goals(results):
    rows = []
    for part, what, figure, op, goal in GOALS:
        if part in results:
            v = figure(results)
            rows.append([part, what, spread(v), f"{op} {goal}",
                         "pass" if meets(v, op, goal) else "**miss**"])
    return "### Goals\n\n" + table(["part", "what", "figure", "goal", ""], rows) if rows else ""


def write(bench, results, skipped):
    out = [machine(bench)]
    out += [throughput(bench, name, results[name]) for name in ("mix", "small") if name in results]
    out += [per_generation(results), moments(results), websocket(results)]
    if not bench.quick:
        out.append(goals(results))
    out += [f"Not measured: {name} ({why})\n" for name, why in skipped.items()]
    return "\n".join(text for text in out if text)
