# shellcheck shell=bash
# shellcheck disable=SC2317 # scenes are called by their names
# SPDX-License-Identifier: GPL-2.0-or-later
# The scenes of tests/system/faults: a tool in one network namespace, a receiver in another, a cable
# between them, and what goes wrong. Source it after feed.sh, in a mount namespace of its own. Each
# scene runs in a subshell and a folder of its own; what it finds is in the file row there.
#
# A scene is a function scene_NAME that begins with "about FAULT SENTENCE", and an entry in SCENES.
# The packets are numbered. Whatever happens, each of them arrived once or is in the tool's account
# as lost; and the tool has to come to its end.

SERVER=10.77.0.2
PORT=3501
LISTEN_PORT=$PORT	# where the receiver is, if a relay has PORT
MAKE_PACKETS=$SRC/tests/lib/count_packets.py
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
    [[ -e packets.pcap ]] || python3 "$MAKE_PACKETS" make packets.pcap 0 "$1"
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

# --- what came of it -----------------------------------------------------------------------------

about() { # FAULT SENTENCE
    fault=$1 sentence=$2
}

# "RECORDS DELIVERED WAITING LOST" of the tool's last account.
account() {
    sed -nE 's/.* ([0-9]+) records: ([0-9]+) delivered, ([0-9]+) waiting, ([0-9]+) lost.*/\1 \2 \3 \4/p' \
        "${1:-tool.log}" | tail -n 1
}

connections() { grep -c ' connected to ' tool.log; }

row() { # RECEIVED DOUBLED LOST
    local pause
    pause=$(cat got.pcapng.pause 2>/dev/null || echo –)
    echo "| $fault | $sent | $1 | $2 | $3 | $(($(connections) - 1)) | $pause | $sentence |" >row
}

# The sums. Without "may lose", nothing may be lost at all.
sums() { # [may lose]
    local received doubled foreign records delivered waiting lost

    end_tool
    kill "$receiver"
    wait "$receiver" || fail "the receiver ended with status $?"
    read -r received doubled _ foreign < <(python3 "$MAKE_PACKETS" count got.pcapng 0 "$sent")
    read -r records delivered waiting lost < <(account)
    [[ -n ${lost-} ]] || { fail "the tool has no account"; return; }
    row "$received" "$doubled" "$lost"
    ((doubled == 0)) || fail "$doubled packets are doubled"
    ((foreign == 0)) || fail "$foreign packets were changed"
    ((received + lost == sent)) || fail "$sent sent, but $received received and $lost counted"
    ((waiting == 0)) || fail "$waiting wait at the end"
    ((delivered + lost == records)) || fail "the account: $delivered + $lost are not $records"
    [[ ${1-} == may ]] || ((lost == 0)) || fail "$lost are lost"
}

run_scene() { # NAME
    scene=$1
    mkdir "$scene" && cd "$scene" || exit 1
    STARTED=()
    trap '[[ -z ${STARTED[*]} ]] || kill -9 "${STARTED[@]}"' EXIT
    cable || { fail "no cable"; exit 1; }
    "scene_$scene"
    if [[ $failed -ne 0 ]]; then
        echo "--- $scene: the end of the tool's and of the receiver's log"
        tail -n 12 tool.log receiver.log
    fi
    exit "$failed"
}

# --- scenes: the link ----------------------------------------------------------------------------

# What the short form waits, and the long one.
if [[ ${LONG-} ]]; then
    LOSS_S=20 BLACKOUT_S=60 STOP_S=60 HALF_OPEN_S=40 FLAPS=10 END_S=300 MANY=30000
else
    LOSS_S=5 BLACKOUT_S=5 STOP_S=6 HALF_OPEN_S=22 FLAPS=3 END_S=80 MANY=10000
fi

SCENES=(none loss_2 loss_30 delay blackout_5 slow_link flapping reset_there reset_here half_open forgotten
    server_stopped restart_connected restart_announced restart_opened restart_streaming
    restart_often server_late dns_gone)

scene_none() {
    about "none" "For comparison."
    begin start_tool "$MANY" 1000
    sums
}

scene_loss_2() {
    about "2 % of all packets lost, both ways" "TCP mends it."
    start_receiver
    lose 2
    start_tool "$MANY" 1000
    sums
}

scene_loss_30() {
    about "30 % lost, both ways, for $LOSS_S s" "Stays connected, or connects again."
    begin start_tool "$MANY" 1000
    lose 30
    sleep "$LOSS_S"
    rules_off
    sums
}

start_relay() { # ARGUMENT...
    LISTEN_PORT=3502
    ip netns exec "$SERVER_NS" python3 "$RELAY" "$SERVER" "$PORT" 127.0.0.1 "$LISTEN_PORT" "$@" \
        >relay.log 2>&1 &
    STARTED+=($!)
    wait_until test -e relay
}

scene_delay() {
    about "delay of 800 ms, each way" "By a relay. Slower to connect, that is all."
    start_relay delay 800
    begin start_tool "$MANY" 1000
    sums
}

scene_blackout_5() {
    about "blackout of 5 s" "Too short to be noticed: the connection stays."
    begin start_tool "$MANY" 1000
    blackout 5
    sums
}

scene_slow_link() {
    about "link of 100 kbit/s" "The replay waits: it takes as long as the link needs."
    start_receiver
    in_tool tc qdisc add dev cable root tbf rate 100kbit burst 4k latency 400ms ||
        fail "no tc tbf"
    start_tool 2000 1000
    sums
}

scene_flapping() {
    about "link down for 3 s, up for 3 s, $FLAPS times" "Stays connected, or connects again."
    local i
    begin start_tool "$MANY" $((MANY / FLAPS / 6 + 1))
    for ((i = 0; i < FLAPS; i++)); do
        ip -n "$TOOL_NS" link set cable down
        sleep 3
        ip -n "$TOOL_NS" link set cable up
        sleep 3
    done
    sums
}

scene_reset_there() {
    about "reset of both ends, 3 times" "Connects again at once."
    local i
    begin start_tool "$MANY" 1000
    for i in 1 2 3; do
        sleep 1
        in_server ss -K state established sport = ":$PORT" >killed 2>&1
        grep -q "$PORT" killed || fail "ss -K has not found the connection: $(cat killed)"
    done
    sums
}

scene_reset_here() {
    about "reset that the server does not see, 3 times" \
        "A firewall ends the tool's connection only; the receiver replaces its own."
    local i
    begin start_tool "$MANY" 1000
    for i in 1 2 3; do
        sleep 1
        rule "$TOOL_NS" output tcp dport "$PORT" reject with tcp reset
        sleep 0.5
        rules_off
    done
    sums
}

scene_half_open() {
    about "half open: nothing passes for $HALF_OPEN_S s, no reset" \
        "Noticed after 15 s of silence; connects when it can."
    begin start_tool "$MANY" 500
    blackout "$HALF_OPEN_S"
    sums
}

scene_forgotten() {
    about "half open: a router forgot this connection" \
        "Its packets vanish, those of new ones pass: noticed after 15 s of silence."
    local own
    begin start_tool "$MANY" 1000
    own=$(in_tool ss -Htn dport = ":$PORT" | awk '{ sub(".*:", "", $4); print $4 }')
    rule "$TOOL_NS" input tcp dport "$own" drop
    rule "$SERVER_NS" input tcp sport "$own" drop
    sums
    (($(connections) >= 2)) || fail "it was not noticed"
}

# --- scenes: the server --------------------------------------------------------------------------

scene_server_stopped() {
    about "server stopped (SIGSTOP) for $STOP_S s" "Goes on, or connects again."
    begin start_tool "$MANY" 1000
    kill -STOP "$receiver"
    sleep "$STOP_S"
    kill -CONT "$receiver"
    sums
}

# The server dies when the tool has got so many of its frames, and is there again at once.
restart_in_state() { # FRAMES
    start_relay hold "$1"
    start_receiver
    start_tool "$MANY" 1000
    wait_until test -e held
    sleep 1
    kill_receiver
    start_receiver
    touch go
    sums
}

scene_restart_connected() {
    about "server killed before its PONG" "Connects again."
    restart_in_state 0
}

scene_restart_announced() {
    about "server killed when the source was announced" "Connects again."
    restart_in_state 1
}

scene_restart_opened() {
    about "server killed when the source was open" "Sends again what was not confirmed."
    restart_in_state 2
}

scene_restart_streaming() {
    about "server killed while packets flow" "It has packets that it did not confirm: none comes twice."
    restart_in_state 6
}

scene_restart_often() {
    about "server killed 3 times, away for 2 s" "Connects again when it can."
    local i
    begin start_tool "$MANY" 800
    for i in 1 2 3; do
        sleep 1
        kill_receiver
        sleep 2
        start_receiver
    done
    sums
}

scene_server_late() {
    about "server starts 4 s after the tool" "The replay waits when its queue is full."
    start_tool "$MANY" 1000
    sleep 4
    start_receiver
    sums
}

# The tool has name services of its own: a file, then a server that does not answer.
scene_dns_gone() {
    about "DNS gone while the connection is reset" \
        "Looks the name up again and again, and connects when there is an answer."
    echo "$SERVER receiver.test" >hosts
    echo "nameserver $SERVER" >resolv.conf
    echo "hosts: files dns" >nsswitch.conf
    start_receiver
    python3 "$MAKE_PACKETS" make packets.pcap 0 "$MANY"
    sent=$MANY
    # shellcheck disable=SC2016 # for the inner shell
    ip netns exec "$TOOL_NS" bash -c 'for f in hosts resolv.conf nsswitch.conf; do
        mount --bind "$f" "/etc/$f" || exit 71; done; exec "$@"' bash \
        "$BUILD/kismet_cap_pcapfile" --connect "receiver.test:$PORT" \
        --source "$PWD/packets.pcap:name=$scene,pps=1000,exit=true" </dev/null >>tool.log 2>&1 &
    tool=$!
    STARTED+=("$tool")
    wait_until arriving
    rule "$SERVER_NS" input udp dport 53 drop
    : >hosts
    in_server ss -K state established sport = ":$PORT" >/dev/null
    sleep 8
    echo "$SERVER receiver.test" >hosts
    sums
}
