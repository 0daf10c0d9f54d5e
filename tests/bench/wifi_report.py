# SPDX-License-Identifier: GPL-2.0-or-later
"""The tables and goals of tests/bench/linux-wifi, and the original tool's figures."""

from report import machine, number, table

ORIGINAL = "kismet_cap_linux_wifi 2025-09-R1"

# Measured with it in the same scene, and constants since.
ORIGINAL_HOP = {
    "three": (4.93, 206.4, "all 3"),
    "eleven": (4.94, 208.8, "all 11"),
    "fourteen": (4.95, 205.4, "7 of 14, the same for ever"),
    "primary": None,
    "all": (3.74, 2229, "102 frequencies, 152 tunings, after 40 s; a quarter of the time lost"),
}
ORIGINAL_OUTAGE = {"reset": (64, 6.66), "term": (215, 22.1), "kill": (218, 22.4)}
# Frames a second: median, 95 %, maximum of the delay in ms; CPU us a frame, RSS in MB; the same of
# tcpdump, in us.
ORIGINAL_LOAD = {
    10: (762, 1276, 1471, 440, 16.5, None),
    100: (603, 1077, 1517, 45, 16.5, None),
    1000: (690, 1145, 1418, 22, 18.8, 1),
    3000: (425, 672, 758, 19.6, 23.4, 2.5),
    6000: (348, 580, 1137, 19.6, 25.4, 2.5),
    0: (388, 618, 1486, 27.8, 30.9, 1.1),
}
NAMES = {
    "three": "1, 6, 11", "eleven": "1 to 11", "fourteen": "1 to 11, 36, 40, 44",
    "primary": "each 20 MHz channel once", "all": "all that is offered",
    "reset": "at once", "term": "20 s, ended by SIGTERM",
    "kill": "20 s, ended by SIGKILL",
}
# Three ways to do less, or the same: nothing is sent; it is sent once a second; at once.
OTHERS = {"tcpdump": "tcpdump's", "netcat": "tcpdump's and nc's, which send, too",
          "prompt": "tcpdump's and nc's, when they send without delay, too"}
MEMORY_KIB = 6144
ASKED = 5


def goals(results):
    """(what, figure, goal, met)"""
    out = []
    for name, r in results.get("hop", {}).items():
        off = 100 * abs(r["rate"] / ASKED - 1)
        out.append((f"hopping over {NAMES[name]}: % off the rate that was asked", off, "<= 1",
                    off <= 1))
        out.append((f"hopping over {NAMES[name]}: frequencies not visited", len(r["missed"]), "0",
                    not r["missed"]))
    for kind, r in results.get("outage", {}).items():
        out.append((f"server away, {NAMES[kind]}: beacons lost", r["lost"], "0", r["lost"] == 0))
    for rate, r in results.get("load", {}).items():
        if rate in (10, 100, 1000):
            out.append((f"delay at {rate}/s: median, ms", r["median_ms"], "< 50",
                        r["median_ms"] < 50))
            out.append((f"delay at {rate}/s: 99 %, ms", r["p99_ms"], "< 150", r["p99_ms"] < 150))
        if rate in results["tcpdump"] and rate not in (10, 100):
            for who in OTHERS:
                share = r["cpu_us"] / results[who][rate]["cpu_us"]
                out.append((f"CPU at {rate or 'all'} frames/s, of {OTHERS[who]}", share, "<= 2",
                            share <= 2))
    if results.get("load"):
        rss = [[rss for rss, _ in r["memory_kib"]] for r in results["load"].values()]
        most = max(map(max, rss))
        grown = max(b - a for a, b in zip(rss[-2], rss[-1]))
        out.append(("RSS of each process, KiB", most, f"<= {MEMORY_KIB}", most <= MEMORY_KIB))
        frames = list(results["load"].values())[-1]["arrived"]
        out.append((f"RSS, growth over the last {frames} frames, KiB", grown, "<= 256",
                    grown <= 256))
    return out


def hopping(results):
    rows = []
    for name, r in results.items():
        rate, longest, covered = ORIGINAL_HOP[name] or ("-", None, "cannot")
        rows.append([f"{NAMES[name]} ({r['entries']} entries)", rate, f"{r['rate']:.3f}",
                     number(longest),
                     f"{r['min_ms']:.1f} / {r['median_ms']:.1f} / {r['max_ms']:.1f}", covered,
                     f"{r['wanted'] - len(r['missed'])} of {r['wanted']} frequencies, "
                     f"{r['tunings']} tunings; the last new frequency after "
                     f"{r['all_after_s']:.1f} s"])
    return "### Hopping, 5 channels a second asked\n\n" + table(
        ["list", "original, a second", "ours, a second", "original, longest wait ms",
         "ours, waits ms min / median / max", "original, visited", "ours, visited"], rows)


def outage(results):
    rows = []
    for kind, r in results.items():
        lost, gap = ORIGINAL_OUTAGE[kind]
        rows.append([NAMES[kind], lost, r["lost"], number(gap), f"{r['gap_s']:.2f}", r["beacons"]])
    return "### Server away\n\n" + table(
        ["", "original, beacons lost", "ours, beacons lost", "original, longest gap s",
         "ours, longest gap s", "beacons on the air"], rows)


def delay(results):
    rows = []
    for rate, r in results.items():
        old = ORIGINAL_LOAD[rate]
        rows.append([f"{rate or 'all'} ({r['fps']:.0f})",
                     " / ".join(map(str, old[:3])),
                     " / ".join(number(r[k]) for k in ("median_ms", "p95_ms", "p99_ms", "max_ms")),
                     r["arrived"], r["lost"], r["not_heard"]])
    return "### From the air to the receiver's output, ms\n\n" + table(
        ["frames/s (measured)", "original, median / 95 % / max",
         "ours, median / 95 % / 99 % / max", "frames arrived", "lost",
         "of them not on the interface either"], rows)


def ratio(a, b):
    return number(a["cpu_us"] / b["cpu_us"]) if b else "-"


def cost(results, tcpdump, netcat, prompt):
    rows = []
    for rate, r in results.items():
        *_, old, old_mb, old_tcpdump = ORIGINAL_LOAD[rate]
        other, net, soon = tcpdump.get(rate), netcat.get(rate), prompt.get(rate)
        rows.append([
            rate or "all", f"{number(old)}, {number(old_tcpdump)}",
            number(old / old_tcpdump) if old_tcpdump else "-",
            ", ".join(number(x["cpu_us"]) if x else "-" for x in (r, other, net, soon)),
            ratio(r, other), ratio(r, net), ratio(r, soon),
            old_mb, " + ".join(f"{rss / 1024:.1f}" for rss, _ in r["memory_kib"]),
            " + ".join(f"{pss / 1024:.1f}" for _, pss in r["memory_kib"]),
            number(other["memory_kib"][0][0] / 1024) if other else "-"])
    return "### CPU and memory\n\n" + table(
        ["frames/s", "original and tcpdump, CPU us a frame", "original, of tcpdump's",
         "ours, tcpdump, tcpdump \\| nc, the same without delay, CPU us a frame",
         "ours, of tcpdump's", "ours, of tcpdump's and nc's", "ours, of the same without delay",
         "original, RSS MB", "ours, RSS MiB", "ours, Pss MiB",
         "tcpdump, RSS MiB"], rows)


def write(bench, results):
    out = [machine(bench).replace("Median [min..max].\n", "Emulated machine, 2 processors.\n"),
           f"Original: measured with {ORIGINAL} in the same scene.\n"]
    if "hop" in results:
        out.append(hopping(results["hop"]))
    if "outage" in results:
        out.append(outage(results["outage"]))
    if "load" in results:
        out += [delay(results["load"]),
                cost(results["load"], results["tcpdump"], results["netcat"],
                     results["prompt"])]
    if not bench.quick:
        out.append("### Goals\n\n" + table(
            ["what", "figure", "goal", ""],
            [[what, number(v), goal, "met" if met else "**missed**"]
             for what, v, goal, met in goals(results)]))
    return "\n".join(out)
