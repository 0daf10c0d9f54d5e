# shellcheck shell=bash
# shellcheck disable=SC2317 # scenes are called by their names
# SPDX-License-Identifier: GPL-2.0-or-later
# What the scenes of tests/system/faults (fault-scenes.sh) share: a tool in one network namespace, a
# receiver in another, a cable between them, and what goes wrong. Source it after feed.sh, in a
# mount namespace of its own. Each scene runs in a subshell and a folder of its own; what it finds
# is in the file row there.
#
# The packets are numbered. Whatever happens, each of them arrived once or is in the tool's account
# as lost; and the tool has to come to its end.

SERVER=10.77.0.2
PORT=3501
LISTEN_PORT=$PORT	# where the receiver is, if a relay has PORT
COUNT_PACKETS=$SRC/tests/lib/count_packets.py
RELAY=$SRC/tests/lib/fault_relay.py
NUMBERS=1000000		# of packets that a second run of a tool sends begin here

# --- the two ends --------------------------------------------------------------------------------

in_tool() { ip netns exec "$TOOL_NS" "$@"; }
in_server() { ip netns exec "$SERVER_NS" "$@"; }

cable() {
    TOOL_NS=$scene-tool SERVER_NS=$scene-server
    ip netns add "$TOOL_NS" && ip netns add "$SERVER_NS" &&
        ip -n "$TOOL_NS" link add cable type veth peer name cable netns "$SERVER_NS" || return
    local ns address
    for ns in "$TOOL_NS" "$SERVER_NS"; do
        address=10.77.0.1/24
        [[ $ns == "$TOOL_NS" ]] || address=$SERVER/24
        ip -n "$ns" link set lo up
        ip -n "$ns" addr add "$address" dev cable
        ip -n "$ns" link set cable up
        ip netns exec "$ns" nft -f - <<'NFT' || return
table inet faults {
    chain input { type filter hook input priority 0; }
    chain output { type filter hook output priority 0; }
}
NFT
    done
}

start_receiver() {
    rm -f port
    ip netns exec "$SERVER_NS" "$BUILD/kismet_cap_receiver" --no-httpd --no-table \
        --remote-capture-listen=0.0.0.0 --remote-capture-port="$LISTEN_PORT" --port-file=port \
        --write=got.pcapng </dev/null >>receiver.out 2>>receiver.log &
    receiver=$!
    STARTED+=("$receiver")
    wait_until test -s port || { tail -n 20 receiver.log; exit 1; }
}

kill_receiver() {
    kill -9 "$receiver"
    wait "$receiver" 2>/dev/null
}

# Starts the tool with COUNT packets, PPS a second.
start_tool() { # COUNT PPS [OPTION]...
    sent=$1
    [[ -e packets.pcap ]] || python3 "$COUNT_PACKETS" make packets.pcap 0 "$1"
    run_tool packets.pcap "$2" "${@:3}"
}

UUID=4E1D07C3-0000-0000-0000-00000000FA17
run_tool() { # FILE PPS [OPTION]...
    ip netns exec "$TOOL_NS" "$BUILD/kismet_cap_pcapfile" --connect "$SERVER:$PORT" \
        --source "$PWD/$1:name=$scene,uuid=$UUID,pps=$2,exit=true" "${@:3}" </dev/null \
        >>tool.log 2>&1 &
    tool=$!
    STARTED+=("$tool")
}

# As a radio: it does not wait when the queue is full.
start_radio() { # COUNT PPS [OPTION]...
    start_tool "$1" "$2" --drop-first=data --queue-size=128k "${@:3}"
}

arriving() { # [BYTES]
    [[ $(stat -c %s got.pcapng 2>/dev/null || echo 0) -gt ${1:-20000} ]]
}

begin() { # COMMAND...: a receiver, a tool that is started by COMMAND, and packets that arrive
    start_receiver
    "$@"
    wait_until arriving
}

ended() { ! kill -0 "$1" 2>/dev/null; }

# Waits for the tool: it has to deliver what it has.
end_tool() {
    WAIT_S=$END_S wait_for ended "$tool" || { fail "the tool hangs"; kill -9 "$tool"; }
    wait "$tool" || fail "the tool ended with status $?"
}

wait_for() { # COMMAND...: up to WAIT_S seconds
    local until=$((SECONDS + WAIT_S))
    while ((SECONDS <= until)); do
        "$@" 2>/dev/null && return
        sleep 0.2
    done
    return 1
}

# --- what goes wrong on the way ------------------------------------------------------------------

rule() { # NAMESPACE CHAIN RULE...
    ip netns exec "$1" nft add rule inet faults "$2" "${@:3}"
}

rules_off() {
    in_tool nft flush table inet faults
    in_server nft flush table inet faults
}

lose() { # PERCENT: of what arrives, at both ends
    rule "$TOOL_NS" input numgen random mod 100 "<" "$1" drop
    rule "$SERVER_NS" input numgen random mod 100 "<" "$1" drop
}

blackout() { # SECONDS
    rule "$TOOL_NS" input drop
    rule "$SERVER_NS" input drop
    sleep "$1"
    rules_off
}

reset_connection() {
    in_server ss -K state established sport = ":$PORT" >killed
    grep -q ":$PORT" killed
}

# --- what came of it -----------------------------------------------------------------------------

about() { # FAULT SENTENCE
    fault=$1 sentence=$2
}

# Of the tool's last account: $records $delivered $waiting $lost, $doubt that were sent
# and then dropped before that was confirmed, and how many of the lost are no packets.
read_account() {
    local line

    line=$(grep ' records: ' tool.log | tail -n 1)
    read -r records delivered waiting lost < <(sed -nE 's/.* ([0-9]+) records: ([0-9]+) deliv'\
'ered, ([0-9]+) waiting, ([0-9]+) lost.*/\1 \2 \3 \4/p' <<<"$line")
    doubt=$(sed -nE 's/.* ([0-9]+) sent but never confirmed.*/\1/p' <<<"$line")
    doubt=${doubt:-0}
    [[ -n ${lost-} ]] || { fail "the tool has no account"; return 1; }
    # Messages are records, too.
    lost_messages=$(sed -nE 's/.*[(,] ?([0-9]+) messages\).*/\1/p' <<<"$line")
}

connections() { grep -c ' connected to ' tool*.log | awk -F: '{ n += $NF } END { print n }'; }

row() { # RECEIVED DOUBLED LOST
    local pause
    pause=$(cat got.pcapng.pause 2>/dev/null || echo –)
    echo "| $fault | $sent | $1 | $2 | $3 | $(($(connections) - 1)) | $pause | $sentence |" >>row
}

end_receiver() {
    kill "$receiver"
    wait "$receiver" || fail "the receiver ended with status $?"
}

# The sums: nothing may be lost, or something may be, or something must be so that it is seen to be
# counted.
sums() { # no|may|must
    end_tool
    end_receiver
    check_sums "$1"
}

check_sums() { # no|may|must
    local received doubled foreign records delivered waiting lost doubt in_doubt='' lost_messages

    read -r received doubled _ foreign < <(python3 "$COUNT_PACKETS" count got.pcapng 0 "$sent")
    read_account || return
    [[ $doubt -eq 0 ]] || in_doubt=" + $doubt"
    check_account
    lost=$((lost - ${lost_messages:-0}))
    row "$received" "$doubled" "$lost$in_doubt"
    ((doubled == 0)) || fail "$doubled packets are doubled"
    ((foreign == 0)) || fail "$foreign packets were changed"
    ((received + lost <= sent && received + lost + doubt >= sent)) ||
        fail "$sent sent, but $received received, $lost lost, $doubt in doubt"
    [[ $1 != no ]] || ((lost + doubt == 0)) || fail "$lost are lost, $doubt in doubt"
    [[ $1 != must ]] || ((lost > 0)) || fail "nothing was lost, so nothing was counted"
}

check_account() {
    ((waiting == 0)) || fail "$waiting wait at the end"
    ((delivered + lost + doubt == records)) ||
        fail "the account: $delivered + $lost + $doubt are not $records"
}

end_scene() {
    [[ -z ${STARTED[*]} ]] || kill -9 "${STARTED[@]}" 2>/dev/null
    ! mountpoint -q spool || umount spool
}

run_scene() { # NAME
    scene=$1
    mkdir "$scene" && cd "$scene" || exit 1
    STARTED=()
    trap end_scene EXIT
    cable || { fail "no cable"; exit 1; }
    "scene_$scene"
    if [[ $failed -ne 0 ]]; then
        echo "--- $scene: the end of the tool's and of the receiver's log"
        tail -n 12 tool.log receiver.log
    fi
    exit "$failed"
}
