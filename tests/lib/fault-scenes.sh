# shellcheck shell=bash
# shellcheck disable=SC2317 # scenes are called by their names
# SPDX-License-Identifier: GPL-2.0-or-later
# What goes wrong in tests/system/faults. A scene is a function scene_NAME that begins with
# "about FAULT SENTENCE", and an entry in SCENES. Source it after faults.sh.

# --- scenes: the link ----------------------------------------------------------------------------

# What the short form waits, and the long one.
if [[ ${LONG-} ]]; then
    LOSS_S=20 BLACKOUT_S=60 STOP_S=60 HALF_OPEN_S=40 FLAPS=10 END_S=300 MANY=30000
else
    LOSS_S=5 BLACKOUT_S=5 STOP_S=6 HALF_OPEN_S=22 FLAPS=3 END_S=150 MANY=10000
fi

SCENES=(none loss_2 loss_30 delay blackout_5 blackout_60 slow_link flapping reset_there reset_here
    half_open forgotten server_stopped restart_connected restart_announced restart_opened
    restart_streaming restart_often server_late dns_gone radio_blackout radio_slow
    spool_blackout spool_limit spool_full spool_read_only spool_killed
    spool_killed_early spool_ended vm)
[[ ${LONG-} ]] || unset "SCENES[5]" # blackout_60

scene_none() {
    about "none" "For comparison."
    begin start_tool "$MANY" 1000
    sums no
}

scene_loss_2() {
    about "2 % of all packets lost, both ways" "TCP mends it."
    start_receiver
    lose 2
    start_tool "$MANY" 1000
    sums no
}

scene_loss_30() {
    about "30 % lost, both ways, for $LOSS_S s" "Stays connected, or connects again."
    begin start_tool "$MANY" 1000
    lose 30
    sleep "$LOSS_S"
    rules_off
    sums no
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
    sums no
}

scene_blackout_5() {
    about "blackout of 5 s" "Too short to be noticed: the connection stays."
    begin start_tool "$MANY" 1000
    blackout 5
    sums no
}

scene_blackout_60() {
    about "blackout of 60 s" "The replay waits when its queue is full."
    begin start_tool "$MANY" 1000
    blackout 60
    sums no
}

scene_slow_link() {
    about "link of 100 kbit/s" "The replay waits: it takes as long as the link needs."
    start_receiver
    in_tool tc qdisc add dev cable root tbf rate 100kbit burst 4k latency 400ms ||
        fail "no tc tbf"
    start_tool 2000 1000
    sums no
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
    sums no
}

scene_reset_there() {
    about "reset of both ends, 3 times" "Connects again at once."
    local i
    begin start_tool "$MANY" 1000
    for i in 1 2 3; do
        sleep 1
        wait_until reset_connection
    done
    sums no
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
    sums no
}

scene_half_open() {
    about "half open: nothing passes for $HALF_OPEN_S s, no reset" \
        "Noticed after 16 s of silence; connects when it can."
    begin start_tool "$MANY" 500
    blackout "$HALF_OPEN_S"
    sums no
}

scene_forgotten() {
    about "half open: a router forgot this connection" \
        "Its packets vanish, those of new ones pass: noticed after 16 s of silence."
    local own
    begin start_tool "$MANY" 1000
    own=$(in_tool ss -Htn dport = ":$PORT" | awk '{ sub(".*:", "", $4); print $4 }')
    rule "$TOOL_NS" input tcp dport "$own" drop
    rule "$SERVER_NS" input tcp sport "$own" drop
    sums no
    (($(connections) >= 2)) || fail "it was not noticed"
}

# --- scenes: the server --------------------------------------------------------------------------

scene_server_stopped() {
    about "server stopped (SIGSTOP) for $STOP_S s" "Goes on, or connects again."
    begin start_tool "$MANY" 1000
    kill -STOP "$receiver"
    sleep "$STOP_S"
    kill -CONT "$receiver"
    sums no
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
    sums no
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
    about "server killed while packets flow" \
        "It has packets that it did not confirm: none comes twice."
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
    sums no
}

scene_server_late() {
    about "server starts 4 s after the tool" "The replay waits when its queue is full."
    start_tool "$MANY" 1000
    sleep 4
    start_receiver
    sums no
}

# The tool has name services of its own: a file, then a server that does not answer.
scene_dns_gone() {
    about "DNS gone while the connection is reset" \
        "Looks the name up again and again, and connects when there is an answer."
    echo "$SERVER receiver.test" >hosts
    echo "nameserver $SERVER" >resolv.conf
    echo "hosts: files dns" >nsswitch.conf
    start_receiver
    python3 "$COUNT_PACKETS" make packets.pcap 0 "$MANY"
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
    wait_until reset_connection
    sleep 8
    echo "$SERVER receiver.test" >hosts
    sums no
}

# --- scenes: a source that does not wait ---------------------------------------------------------

scene_radio_blackout() {
    about "blackout of $BLACKOUT_S s, a source that does not wait, 128 KiB of memory" \
        "What memory cannot hold is counted."
    begin start_radio "$MANY" 1000
    blackout "$BLACKOUT_S"
    sums must
}

scene_radio_slow() {
    about "link of 100 kbit/s, a source that does not wait, 128 KiB of memory" \
        "What the link cannot carry is counted."
    start_receiver
    in_tool tc qdisc add dev cable root tbf rate 100kbit burst 4k latency 400ms || fail "no tc tbf"
    start_radio 6000 1000
    sums must
}

scene_spool_blackout() {
    about "blackout of $((BLACKOUT_S + 3)) s, with a spool" "Nothing is lost."
    begin start_radio "$MANY" 1000 --spool=spool
    blackout $((BLACKOUT_S + 3))
    sums no
}

scene_spool_limit() {
    about "blackout of 8 s, more than a spool of 1 MiB holds" \
        "The oldest are given up, and counted."
    begin start_radio 30000 4000 --spool=spool --spool-size=1M --spool-rate=10000
    blackout 8
    sums must
}

small_disk() { # SIZE
    mkdir spool
    mount -t tmpfs -o size="$1" none spool || fail "cannot mount"
}

scene_spool_full() {
    about "disk full: a spool on a disk of 512 KiB, blackout of 8 s" \
        "What neither disk nor memory can hold is counted."
    small_disk 512k
    begin start_radio 20000 2000 --spool=spool --spool-rate=10000
    blackout 8
    sums must
}

scene_spool_read_only() {
    about "spool on a read-only file system, blackout of 5 s" \
        "As without a spool: what memory cannot hold is counted."
    small_disk 8m
    mount -o remount,ro "$PWD/spool" || fail "cannot make it read-only"
    begin start_radio 10000 1000 --spool=spool
    blackout 5
    sums must
}

has_account() { grep -q ' records: ' tool.log; }

# Ends the tool while it spools. Nobody can count what is lost with SIGKILL: the table has that in
# brackets.
kill_tool() { # SIGNAL
    local records delivered waiting lost doubt lost_messages

    kill -USR1 "$tool"
    wait_until has_account
    kill "-$1" "$tool"
    wait "$tool" 2>/dev/null
    read_account
    sent=$((records - $(grep -c ': replaying \|: --spool:' tool.log)))
    mv tool.log tool-1.log
}

# Another run with its spool, and the sums of both.
second_run() { # leaves $received and $hole
    local doubled prefix foreign more records delivered waiting lost doubt lost_messages

    python3 "$COUNT_PACKETS" make more.pcap "$NUMBERS" 3000
    run_tool more.pcap 1000 --drop-first=data --spool=spool
    end_tool
    end_receiver
    read -r received doubled prefix foreign < <(
        python3 "$COUNT_PACKETS" count got.pcapng 0 60000)
    read -r more _ < <(python3 "$COUNT_PACKETS" count got.pcapng "$NUMBERS" 3000)
    ((received <= sent)) || sent=$received # captured between the account and the end
    hole=$((received - prefix))
    row "$received" "$doubled" "($((sent - received)))"
    read_account || return
    check_account
    ((doubled == 0)) || fail "$doubled packets are doubled"
    ((foreign == 0)) || fail "$foreign packets were changed"
    ((more == 3000 && lost == 0)) || fail "the second run delivered $more of 3000"
    ((records > 3000 + 2000)) || fail "the second run found nothing on disk"
}

scene_spool_killed() {
    about "tool killed (SIGKILL) when the server was away for 6 s, and started again" \
        "What was on disk comes. Lost, and counted by nobody: the tool's last second."
    local hole received
    begin start_radio 60000 1000 --spool=spool
    kill_receiver
    sleep 6
    kill_tool KILL
    start_receiver
    second_run
    ((hole == 0)) || fail "$hole packets come after a hole"
}

scene_spool_ended() {
    about "tool ended (SIGTERM) when the server was away for 6 s, and started again" \
        "Nothing is lost."
    local hole received
    begin start_radio 60000 1000 --spool=spool
    kill_receiver
    sleep 6
    kill_tool TERM
    start_receiver
    second_run
    ((hole == 0 && received >= sent)) || fail "of $sent packets, $received came, $hole after a hole"
}

scene_spool_killed_early() {
    about "tool killed (SIGKILL) 8 s after a blackout began, and started again" \
        "The same, though it has not noticed yet that nobody listens."
    local hole received
    begin start_radio 60000 1000 --spool=spool
    rule "$TOOL_NS" input drop
    rule "$SERVER_NS" input drop
    sleep 8
    kill_tool KILL
    rules_off
    second_run
    ((hole == 0)) || fail "$hole packets come after a hole"
}

# --- scenes: the virtual machine -----------------------------------------------------------------

# What needs its kernel, or its clock.
scene_vm() {
    local status

    mkdir bin
    cp "$BUILD/kismet_cap_pcapfile" "$BUILD/kismet_cap_receiver" bin/
    sent=2000
    python3 "$COUNT_PACKETS" make packets.pcap 0 "$sent"
    "$SRC/tests/lib/hwsim-vm" --radios 0 --timeout 400 --out out --bring "$PWD/bin" \
        "$PWD/packets.pcap" "$SRC/tests/lib" -- env BIN="$PWD/bin" SERVER=none \
        bash "$SRC/tests/lib/faults-guest.sh" "$PWD/packets.pcap" netem clock_forward clock_back \
        >vm.log 2>&1
    status=$?
    if [[ $status -eq 77 ]]; then
        echo "| in a virtual machine | not measured: $(tail -n 1 vm.log) |" >row
        return
    fi
    [[ $status -eq 0 ]] || { fail "the virtual machine ended with status $status"; cat vm.log; }
    from_vm netem "delay of 800 ms, each way" "By netem, in a virtual machine."
    from_vm clock_forward "the clock is set one year ahead while the link is down" \
        "Timers do not notice, and the times of a replay stay."
    from_vm clock_back "the clock is set back by a year while the link is down" "The same."
}

from_vm() { # SCENE FAULT SENTENCE
    about "$2" "$3"
    cd "out/$1" || { fail "$1 left nothing"; return; }
    [[ $(cat status) == 0 ]] || fail "$1: the tool ended with status $(cat status)"
    check_sums no
    [[ $failed -eq 0 ]] || tail -n 12 ./*.log
    cat row >>../../row
    cd ../.. || exit 1
}
