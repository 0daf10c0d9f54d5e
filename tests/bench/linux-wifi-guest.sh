#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# linux-wifi-guest.sh - the part of tests/bench/linux-wifi inside the virtual machine
#
# Usage: linux-wifi-guest.sh PART ARGUMENT... [-- PART ARGUMENT...]...
#
#   hop NAME SECONDS OPTIONS       channel changes; the kernel's trace goes to /out/hop-NAME
#   outage KIND DOWN SECONDS       beacons around a time without server; /out/KIND.pcap has them all
#   load SECONDS RATE...           delay and CPU at so many frames a second, 0 for as many as go
#   others SECONDS RATE...         the CPU of tcpdump, and of tcpdump with nc to DISCARD_PORT there
#
# wlan0 is the access point, wlan2 the tool's, wlan3 sends, wlan4 is the reference. Says what happens
# in lines "event key=value ...", with the time here in ns since 1970, and counts on the other side
# to take the server away when it is told so.

# shellcheck source=tests/lib/hwsim-guest.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/hwsim-guest.sh"

say() { # EVENT KEY=VALUE...
    echo "$1 time=$(date +%s%N) ${*:2}"
}

# --- what processes take -------------------------------------------------------------------------

cpu_ns() { # PID...: of all threads
    local pid

    for pid; do cat "/proc/$pid/task"/*/schedstat; done 2>/dev/null | awk '{ ns += $1 } END { print ns }'
}

memory() { # PID...: "RSS/PSS,RSS/PSS" in KiB
    local pid

    for pid; do
        awk '/^Rss:/ { rss = $2 } /^Pss:/ { pss = $2 } END { print rss "/" pss }' \
            "/proc/$pid/smaps_rollup"
    done | paste -sd ,
}

say_clock() {
    say clock "$("$BIN/roundtrip" "${SERVER%:*}" "$CLOCK_PORT")"
}

# Sends at a rate for some time while processes are watched. 10 a second are the access point's.
watched() { # SECONDS RATE WHO INTERFACE PID...
    local seconds=$1 rate=$2 who=$3 interface=$4 before heard count sent

    shift 4
    count=$((rate > 10 ? rate * seconds : 15000 * seconds))
    say_clock
    before=$(cpu_ns "$@")
    heard=$(received "$interface")
    say "begin" "who=$who rate=$rate"
    if [[ $rate == 10 ]]; then
        sleep "$seconds"
        sent="sent=0 ns=0"
    else
        sent=$("$BIN/inject" mon3 "$count" "$rate")
    fi
    say "end" "who=$who rate=$rate $sent"
    sleep 0.5
    say usage "who=$who rate=$rate cpu=$(($(cpu_ns "$@") - before)) memory=$(memory "$@")" \
        "heard=$(($(received "$interface") - heard))"
    say_clock
}

# --- parts ---------------------------------------------------------------------------------------

part_hop() {
    trace_tuning
    start_tool "$1" --source "wlan2:name=$1${3:+,$3}"
    wait_until grep -q 'hopping over' "$1.log"
    sleep "$2"
    grep rdev_set_monitor_channel $TRACING/trace >"/out/hop-$1"
    end_tool TERM
    say hopped "name=$1 entries=$(sed -n 's/.*hopping over \([0-9]*\) .*/\1/p' "$1.log" | tail -n 1)"
}

start_fixed() { # NAME
    start_tool "$1" --source "wlan2:name=$1,channel=6,channel_hop=false"
    hears wlan2mon 2437 5 || { cat "$1.log"; exit 1; }
}

part_outage() {
    local reference

    start_fixed "$1"
    tcpdump -i mon4 -w "/out/$1.pcap" >/dev/null 2>&1 &
    reference=$!
    sleep 8
    say outage "kind=$1 seconds=$2"
    sleep $(($2 + $3))
    kill -INT $reference
    wait $reference
    end_tool TERM
    say back "kind=$1"
}

part_load() {
    local seconds=$1 rate

    start_fixed load
    sleep 2
    for rate in "${@:2}"; do
        # shellcheck disable=SC2046 # several
        watched "$seconds" "$rate" tool wlan2mon "$tool" $(children "$tool")
    done
    end_tool TERM
    sed 's/^/load: /' load.log
}

# Its output goes nowhere, or with nc to where the tool's goes: once a second, or without delay.
start_tcpdump() { # tcpdump|netcat|prompt
    local prompt=()

    [[ $1 != prompt ]] || prompt=(--immediate-mode -U)
    if [[ $1 == tcpdump ]]; then
        tcpdump -i mon2 -s 8192 -w /dev/null >/dev/null 2>tcpdump.log &
        others=($!)
    else
        tcpdump -i mon2 -s 8192 "${prompt[@]}" -w - 2>tcpdump.log > >(exec nc "${SERVER%:*}" "$DISCARD_PORT") &
        others=($!)
        wait_until grep -q 'listening on' tcpdump.log
        others+=("$(pidof nc)")
    fi
    wait_until grep -q 'listening on' tcpdump.log
    sleep 0.5
}

part_others() {
    local seconds=$1 rate who

    ip link set wlan2 down
    monitor phy2 mon2 2437
    for rate in "${@:2}"; do
        for who in tcpdump netcat prompt; do
            start_tcpdump $who
            watched "$seconds" "$rate" $who mon2 "${others[@]}"
            kill -INT "${others[0]}"
            wait "${others[0]}"
            say captured "who=$who rate=$rate frames=$(sed -n 's/ packets\? captured//p' tcpdump.log)"
        done
    done
    iw dev mon2 del
    ip link set wlan2 up
}

# --- all of them ---------------------------------------------------------------------------------

run_part() {
    "part_$1" "${@:2}"
}

ip link set wlan2 up
access_point wlan0 hwsim6 hw_mode=g channel=6 || exit 1
iw dev wlan3 del
iw dev wlan4 del
monitor phy3 mon3 2437 && monitor phy4 mon4 2437 || exit 1
iw phy phy2 channels >/out/channels
words=()
for word in "$@" --; do
    if [[ $word != -- ]]; then
        words+=("$word")
    elif [[ ${#words[@]} -gt 0 ]]; then
        run_part "${words[@]}"
        words=()
    fi
done
