#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# faults-guest.sh - the part of tests/system/faults inside the virtual machine, for what needs its
# kernel or its clock
#
# Usage: faults-guest.sh PACKETS SCENE...   each scene's logs and file come in /out/SCENE

# shellcheck disable=SC2317 # scenes are called by their names
# shellcheck source=tests/lib/hwsim-guest.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/hwsim-guest.sh"

PACKETS=$1
shift
WAIT_SECONDS=120

arriving() { [[ $(stat -c %s got.pcapng) -gt 20000 ]]; }

# A tool and a receiver, in a network of their own.
begin() { # PPS
    ip netns add "$scene" && ip -n "$scene" link set lo up || return
    [[ ! ${DELAY-} ]] || ip netns exec "$scene" tc qdisc add dev lo root netem delay "$DELAY" ||
        return
    ip netns exec "$scene" "$BIN/kismet_cap_receiver" --no-httpd --no-table --write=got.pcapng \
        --port-file=port </dev/null >receiver.log 2>&1 &
    receiver=$!
    wait_until test -s port
    ip netns exec "$scene" "$BIN/kismet_cap_pcapfile" --connect 127.0.0.1:3501 \
        --source "$PACKETS:name=$scene,pps=$1,exit=true" </dev/null >tool.log 2>&1 &
    tool=$!
    wait_until arriving
}

end() {
    wait_until gone "$tool" || { echo "hangs"; kill -9 "$tool"; }
    wait "$tool"
    echo $? >status
    kill "$receiver"
    wait "$receiver"
}

scene_netem() {
    DELAY=800ms
    begin 400
    end
}

# While the link is down, so that records wait.
scene_clock() { # STEP...
    begin 400
    ip -n "$scene" link set lo down
    local step
    for step; do
        sleep 3
        date -s "$step" >/dev/null
    done
    sleep 3
    ip -n "$scene" link set lo up
    end
}

scene_clock_forward() { scene_clock "+1 year"; }
scene_clock_back() { scene_clock "-1 year"; }

modprobe sch_netem
for scene; do
    mkdir -p "/out/$scene"
    (cd "/out/$scene" && "scene_$scene") || echo "$scene: exit status $?" &
    # They share the clock.
    [[ $scene != clock_* ]] || wait
done
wait
