# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the system tests with a tool and a receiver share. Source it first; it sets SRC, BUILD and
# TMP (removed at the end, with whatever was started), and moves to TMP.

set -u -o pipefail
export LC_ALL=C
SRC=${SRC:-$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")}
BUILD=$(realpath "${BUILD:-$PWD}")
TMP=$(mktemp -d)
STARTED=()
export failed=0

end_test() {
    local pid
    trap '' TERM INT
    for pid in ${STARTED[@]+"${STARTED[@]}"}; do kill -CONT "$pid" && kill -9 "$pid"; done 2>/dev/null
    cd / && rm -rf "$TMP"
}
trap end_test EXIT
trap 'exit 143' TERM INT
cd "$TMP" || exit 1

fail() {
    echo "FAIL: $*"
    failed=1
}

skip() {
    echo "$*"
    exit 77
}

need() { # COMMAND...
    local c
    for c in "$@"; do command -v "$c" >/dev/null || skip "$c is not installed"; done
    for c in kismet_cap_pcapfile kismet_cap_receiver; do
        [[ -x $BUILD/$c ]] || skip "$c was not built in $BUILD"
    done
}

wait_until() { # COMMAND...: up to 30 s
    local i
    for ((i = 0; i < 600; i++)); do
        "$@" 2>/dev/null && return
        sleep 0.05
    done
    fail "waited in vain for: $*"
    return 1
}

# Is there more than a receiver writes at its start?
grows() { # FILE
    [[ $(wc -c <"$1") -gt 20000 ]]
}

# Starts a receiver: its pid comes in $receiver, its port in $port (kept if it is set already).
receive() { # OPTION...
    rm -f port
    # Port 2501 is not for tests.
    [[ " $* " == *" --httpd-"* ]] || set -- --no-httpd "$@"
    "$BUILD/kismet_cap_receiver" --remote-capture-port="${port:-0}" --port-file=port "$@" \
        </dev/null >>receiver.out 2>>receiver.log &
    receiver=$!
    STARTED+=("$receiver")
    wait_until test -s port || { tail -n 20 receiver.log; exit 1; }
    port=$(cat port)
}

# Ends it as an administrator does, and waits for it.
stop_receiver() {
    kill "$receiver"
    wait "$receiver" || fail "the receiver ended with status $?"
}

# Feeds; its exit status is the result.
tool() { # OPTION...
    timeout 200 "$BUILD/kismet_cap_pcapfile" --connect "127.0.0.1:$port" "$@" </dev/null 2>>tool.log
}

# A classic pcap of N frames of every length from 24 to 1500, each one different.
make_capture() { # FILE N
    python3 - "$1" "$2" <<'PYTHON'
import random, struct, sys
path, n = sys.argv[1], int(sys.argv[2])
rnd = random.Random(1)
with open(path, "wb") as f:
    f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 105))
    t = 1700000000 * 10**6
    for i in range(n):
        size = 24 + (i * 37) % 1477 if i % 3 else 24 + i % 200
        body = struct.pack("<BBHI", 0x08, 0, 0, i) + rnd.randbytes(size - 8)
        t += 1 + i % 999
        cut = size - 10 if i % 50 == 49 and size > 40 else size
        f.write(struct.pack("<IIII", t // 10**6, t % 10**6, cut, size) + body[:cut])
PYTHON
}

# Equal in every packet's bytes, lengths, time stamp and link type, and in their order?
same_packets() { # FILE FILE
    editcap -F pcap "$1" first.pcap 2>>editcap.log && editcap -F pcap "$2" second.pcap 2>>editcap.log &&
        cmp -s <(tail -c +25 first.pcap) <(tail -c +25 second.pcap) &&
        cmp -s <(head -c 24 first.pcap | tail -c 4) <(head -c 24 second.pcap | tail -c 4)
}

count_packets() { # FILE
    capinfos -c -M "$1" 2>/dev/null | sed -n 's/^Number of packets: *//p'
}
