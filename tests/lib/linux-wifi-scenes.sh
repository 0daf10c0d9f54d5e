#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# linux-wifi-scenes.sh - the part of tests/system/linux-wifi-hwsim inside the virtual machine
#
# Six radios: wlan0 and wlan1 are access points on channels 6 and 36, wlan2 and wlan4 are the tool's,
# wlan3 is a client, wlan5 sends single frames. Prints a line for each scene, and lines
# "mark NAME SECONDS" (since 1970), after which packets of that source must have come.

# shellcheck source=tests/lib/hwsim-guest.sh
. "$(dirname "${BASH_SOURCE[0]}")/hwsim-guest.sh"

NO_HOP=channel_hop=false
STAY=channel=6,$NO_HOP
failed=0
scenes=0

uuid() { # NUMBER
    printf '00000000-0000-0000-0000-%012x' "$1"
}

# Starts the tool with one source on wlan2; the scene's name is the source's and the log's.
capture() { # OPTIONS [TOOL-OPTION]...
    start_tool "$scene" --source "wlan2:name=$scene,uuid=$(uuid $scenes),$1" "${@:2}"
}

why() { # TEXT: for use in "|| why ...": says so, and fails
    echo "      $*"
    return 1
}

mark() {
    echo "mark $scene $(date +%s.%N)"
}

# --- what the machine looks like -----------------------------------------------------------------

# Without what changes by itself: counters, queue disciplines, what scans left.
state() {
    ip -o link show | sed -E 's/ qdisc [^ ]+//; s/ qlen [0-9]+//'
    iw dev | grep -vE 'multicast TXQ|qsz-byt|^[[:space:]]+[0-9]+[[:space:]]|txpower'
    head /sys/class/ieee80211/*/rfkill*/soft
    find /run/kismet_cap_linux_wifi -type f 2>/dev/null
    true
}

as_before() {
    state | cmp -s - before
}

restored() {
    wait_until as_before && return
    state | diff before - | sed 's/^/      /'
    why "wlan2 is not what it was before"
}

# --- scenes --------------------------------------------------------------------------------------

scene_fixed() {
    capture "$STAY"
    hears wlan2mon 2437 20 || why "wlan2mon hears nothing on 2437 MHz" || return
    end_tool TERM
    restored
}

# The process on the network has nothing left, the other one what a radio takes, and neither can
# get more.
scene_privileges() {
    local pid status=0

    capture "$STAY"
    wait_until tuned wlan2mon 2437 || why "not tuned" || return
    [[ $(children "$tool" | grep -c .) == 1 ]] || why "children: $(children "$tool" | xargs)" || return
    has_privileges "$tool" 0000000000000000 || status=1
    for pid in $(children "$tool"); do has_privileges "$pid" 0000000000003000 || status=1; done
    end_tool TERM
    return $status
}

has_privileges() { # PID MASK
    local found

    found=$(awk '/^Cap(Prm|Eff):/ { print $2 }' "/proc/$1/status" | sort -u)
    [[ $found == "$2" ]] || why "process $1 has $(echo "$found" | xargs), not $2" || return
    grep -qE "^CapBnd:[[:space:]]*($2|0+)\$" "/proc/$1/status" ||
        why "process $1: $(grep CapBnd "/proc/$1/status")" || return
    grep -q '^NoNewPrivs:[[:space:]]*1$' "/proc/$1/status" || why "process $1 may gain privileges"
}

scene_hop() {
    local visited

    trace_tuning
    capture 'channels="1,6,11",channel_hoprate=5/sec'
    wait_until tuned wlan2mon 2437 || why "never on 2437 MHz" || return
    sleep 3
    end_tool TERM
    restored || return
    visited=$(traced_tuning | cut -d ' ' -f 2 | sort -u | xargs)
    [[ $visited == "2412 2437 2462" ]] || why "visited: $visited"
}

# Each of the list must be reached at its width (enum nl80211_chan_width).
scene_widths() {
    local missing

    trace_tuning
    capture 'channels="6HT20,6HT40+,36HT40+,36VHT80,36VHT160,37W6e,37W6e80,37W6e160",channel_hoprate=5/sec'
    sleep 4
    end_tool TERM
    restored || return
    traced_tuning | cut -d ' ' -f 2- | sort -u >visited
    printf '%s\n' '2437 1' '2437 2' '5180 2' '5180 3' '5180 5' '6135 3' '6135 5' >wanted
    missing=$(sort wanted | comm -23 - visited | paste -sd ';')
    [[ -z $missing ]] || why "never tuned to $missing, but to $(paste -sd ';' visited)" || return
    grep -qE '^6135 [01]$' visited || why "never on channel 37 of 6 GHz, 20 MHz wide"
}

# Two sources of one program; each radio hears its 20 MHz access point at its own width.
scene_wide() {
    start_tool "$scene" --source "wlan2:name=wide2,uuid=$(uuid 1001),channel=6HT40+,$NO_HOP" \
        --source "wlan4:name=wide5,uuid=$(uuid 1002),channel=36VHT80,$NO_HOP"
    hears wlan2mon 2437 10 || why "wlan2mon hears nothing on 6HT40+" || return
    hears wlan4mon 5180 10 || why "wlan4mon hears nothing on 36VHT80" || return
    tuned wlan2mon 2437 40 || why "wlan2mon: $(iw dev wlan2mon info | grep width)" || return
    tuned wlan4mon 5180 80 || why "wlan4mon: $(iw dev wlan4mon info | grep width)" || return
    end_tool TERM
    restored
}

scene_handshake() {
    capture "$STAY"
    hears wlan2mon 2437 3 || why "hears nothing" || return
    ip link set wlan3 up
    client wlan3 hwsim6 || return
    sleep 1
    end_tool TERM
    kill "$(cat wlan3.pid)"
    wait_until gone "$(cat wlan3.pid)"
    ip link set wlan3 down
    restored
}

# Of wlan5's frames, the filter must leave nothing; another radio shows that they were there.
scene_filter() {
    start_tool "$scene" \
        --source "wlan2:name=filtered,uuid=$(uuid 1003),$STAY,filter_mgmt=true" \
        --source "wlan4:name=whole,uuid=$(uuid 1004),$STAY"
    hears wlan2mon 2437 10 || why "wlan2mon hears nothing" || return
    hears wlan4mon 2437 10 || why "wlan4mon hears nothing" || return
    monitor phy5 mon5 2437 || why "no monitor interface on phy5" || return
    for kind in data null ack; do "$BIN/inject" mon5 20 100 "$kind" >/dev/null; done
    sleep 1
    end_tool TERM
    iw dev mon5 del
    restored
}

scene_rfkill() {
    local switch

    switch=$(echo /sys/class/ieee80211/phy2/rfkill*/soft)
    echo 1 >"$switch"
    wait_until eval '! ip -o link show wlan2 | grep -q "[<,]UP[,>]"' || why "wlan2 is up" || return
    state >before
    capture "$STAY"
    hears wlan2mon 2437 10 || why "hears nothing" || return
    [[ $(cat "$switch") == 0 ]] || why "the radio is still blocked" || return
    end_tool TERM
    restored
    local status=$?
    echo 0 >"$switch"
    ip link set wlan2 up
    return $status
}

# Somebody else takes the monitor interface down: said, and put right or ended.
scene_taken_down() {
    capture "$STAY"
    hears wlan2mon 2437 5 || why "hears nothing" || return
    ip link set wlan2mon down
    wait_until grep -qiE 'wlan2(mon)?.*(down|not up)' "$scene.log" ||
        why "not a word of it in the log" || return
    mark
    hears wlan2mon 2437 20 || why "deaf ever since" || return
    end_tool TERM
    restored
}

# Somebody else brings the base interface up, which keeps the radio from being tuned.
scene_brought_up() {
    capture 'channels="1,6,11",channel_hoprate=5/sec'
    wait_until tuned wlan2mon 2437 || why "never on 2437 MHz" || return
    ip link set wlan2 up
    wait_until grep -q 'wlan2 up' "$scene.log" || why "not a word of it in the log" || return
    mark
    sleep 3
    end_tool TERM
    restored
}

# The process that has the radio ends by itself, which it should not.
scene_radio_process_killed() {
    local kids

    capture "$STAY"
    hears wlan2mon 2437 3 || why "hears nothing" || return
    kids=$(children "$tool")
    # shellcheck disable=SC2086 # several
    kill -KILL $kids
    wait_until grep -qiE 'process.*(ended|died|killed|gone)' "$scene.log" ||
        why "not a word of it in the log" || return
    end_tool TERM
    mv "$scene.log" "$scene.killed.log"
    ends_with TERM
}

ends_with() { # SIGNAL
    local kids

    capture "$STAY"
    hears wlan2mon 2437 3 || why "hears nothing" || return
    kids=$(children "$tool")
    end_tool "$1"
    # shellcheck disable=SC2086 # several
    wait_until gone $kids || why "its radio process $kids is still there" || return
    restored
}

scene_SIGINT() { ends_with INT; }
scene_SIGTERM() { ends_with TERM; }
scene_SIGHUP() { ends_with HUP; }
scene_SIGKILL() { ends_with KILL; }

# A radio that was down is down again.
scene_was_down() {
    ip link set wlan2 down
    state >before
    ends_with TERM
    local status=$?
    ip link set wlan2 up
    return $status
}

# Nobody is left to put anything right, but the next one does.
scene_SIGKILL_both() {
    local kids

    capture "$STAY"
    hears wlan2mon 2437 3 || why "hears nothing" || return
    kids=$(children "$tool")
    # shellcheck disable=SC2086 # several
    kill -KILL $kids "$tool"
    wait "$tool" 2>/dev/null
    # shellcheck disable=SC2086
    wait_until gone $kids
    mv "$scene.log" "$scene.killed.log"
    ends_with TERM
}

# The feed itself travels through the air that is captured: nothing of that may come in, or each
# packet sent would be captured and sent again. An access point far away has the receiver.
scene_uplink() {
    local pids status

    ip netns add far && iw phy phy5 set netns name far || why "no namespace for phy5" || return
    far_end && near_end && state >before && uplink_is_left_out && uplink_is_kept
    status=$?
    pids="$receiver $(cat wlan3.pid wlan5.pid)"
    # shellcheck disable=SC2086 # several
    kill $pids && wait_until gone $pids
    ip address flush dev wlan3
    ip link set wlan3 down
    ip netns exec far iw phy phy5 set netns 1
    ip netns del far
    return $status
}

far_end() {
    receiver=
    ip netns exec far ip address add 10.99.0.1/24 dev wlan5
    sed 's/wlan0/wlan5/; s/hwsim6/uplink6/' wlan0.conf >wlan5.conf
    ip netns exec far hostapd -B -P wlan5.pid wlan5.conf >wlan5.log 2>&1
    wait_until grep -q AP-ENABLED wlan5.log || why "no access point on wlan5" || return
    ip netns exec far "$BIN/kismet_cap_receiver" --remote-capture-listen=10.99.0.1 \
        --remote-capture-port=3501 --write=uplink.pcapng >receiver.log 2>&1 &
    receiver=$!
}

near_end() {
    ip link set wlan3 up
    ip address add 10.99.0.2/24 dev wlan3
    client wlan3 uplink6 && wait_until grep -qx up /sys/class/net/wlan3/operstate
}

frames_of_uplink() {
    local own

    own=$(cat /sys/class/net/wlan3/address)
    tcpdump -r uplink.pcapng "wlan addr1 $own or wlan addr2 $own" 2>/dev/null | wc -l
}

feed_over_wifi() { # OPTIONS
    SERVER=10.99.0.1:3501 capture "$STAY$1"
    wait_until grep -q 'connected to' "$scene.log" || why "not connected" || return
    hears wlan2mon 2437 20 || why "wlan2mon hears nothing" || return
    end_tool TERM
}

uplink_is_left_out() {
    local n

    feed_over_wifi "" || return
    restored || return
    n=$(frames_of_uplink)
    [[ $n == 0 ]] || why "$n frames of the feed itself" || return
    n=$(tcpdump -r uplink.pcapng 2>/dev/null | wc -l)
    [[ $n -ge 10 ]] || why "only $n packets" || return
    feed_over_wifi ",filter_uplink=false" || return
    [[ $(frames_of_uplink) != 0 ]] || why "the test cannot see them"
}

# The radio that leads to the server is not taken away from under it.
uplink_is_kept() {
    SERVER=10.99.0.1:3501 start_tool "$scene" --source "wlan3:name=own,$STAY"
    wait_until grep -q 'wlan3 leads to the server' "$scene.log" || why "wlan3 was taken" || return
    end_tool TERM
    ip -o link show wlan3 | grep -q '[<,]UP[,>]' || why "wlan3 is down"
}

# A radio goes away in the middle, and another of that name comes; the other source of the program
# goes on.
scene_removed() {
    local before

    start_tool "$scene" --source "wlan2:name=$scene,uuid=$(uuid $scenes),$STAY" \
        --source "wlan4:name=lost,uuid=$(uuid 1005),$STAY"
    hears wlan2mon 2437 5 || why "wlan2mon hears nothing" || return
    hears wlan4mon 2437 5 || why "wlan4mon hears nothing" || return
    "$BIN/hwsim_radio" remove 4 || return
    wait_until grep -qE 'lost.* (gone|there is no network interface)' "$scene.log" ||
        why "not a word of it in the log" || return
    sleep 1
    mark
    before=$(received wlan2mon)
    wait_until eval "((\$(received wlan2mon) >= $before + 20))" || why "wlan2mon is deaf" || return
    [[ -e /proc/$tool ]] || why "the program has ended" || return
    "$BIN/hwsim_radio" add || return
    wait_until test -e /sys/class/net/wlan4 || why "no new wlan4: $(ip -br link)" || return
    ip link set wlan4 up
    hears wlan4mon 2437 20 || why "the new wlan4 is not used" || return
    end_tool TERM
    wait_until eval '! ip link show wlan2mon' || why "wlan2mon is still there" || return
    wait_until eval '! ip link show wlan4mon' || why "wlan4mon is still there"
}

# The clock is set while the server is away: what was captured in the outage has the new time.
scene_clock() {
    local year=31536000 lost set n status=0

    clock_receiver || return
    SERVER=127.0.0.1:3502 capture "$STAY" --keep-timestamps
    hears wlan2mon 2437 20 || why "wlan2mon hears nothing" || return
    kill "$receiver" && wait_until gone "$receiver"
    lost=$(($(date +%s) + 1))
    hears wlan2mon 2437 40 || why "wlan2mon hears nothing in the outage" || return
    set=$(date +%s)
    date -s "@$((set + year))" >/dev/null
    wait_until grep -q 'wall clock was set by 3153' "$scene.log" || status=1
    [[ $status -eq 0 ]] || why "the step was not noticed"
    clock_receiver && wait_until connected_again ||
        why "not connected again: $(cat receiver.log)" || status=1
    sleep 1
    end_tool TERM
    kill "$receiver"
    date -s "@$(($(date +%s) - year))" >/dev/null
    n=$(between $((lost + year)) $((set + year)))
    [[ $n -ge 10 ]] || why "$n packets of the outage have the new time" || status=1
    n=$(between $((lost + 1)) $((lost + year - 10)))
    [[ $n == 0 ]] || why "$n packets have the old time" || status=1
    return $status
}

clock_receiver() {
    "$BIN/kismet_cap_receiver" --remote-capture-port=3502 --no-httpd --write=clock.pcapng \
        >>receiver.log 2>&1 &
    receiver=$!
    wait_until grep -q :0DAE /proc/net/tcp
}

connected_again() {
    [[ $(grep -c 'connected to' "$scene.log") -eq 2 ]]
}

between() { # FROM UNTIL: packets of these seconds
    tcpdump -tt -r clock.pcapng 2>/dev/null |
        awk -v from="$1" -v to="$2" '$1 > from && $1 < to' | wc -l
}

# --- all of them ---------------------------------------------------------------------------------

# Ends what a scene that failed has left, as hard as it takes.
clean_up() {
    local kids

    kids=$(children "$tool")
    # shellcheck disable=SC2086 # several
    kill -KILL "$tool" $kids 2>/dev/null
    wait "$tool" 2>/dev/null
    echo 0 >"$(echo /sys/class/ieee80211/phy2/rfkill*/soft)"
    iw dev wlan2mon del
    iw dev wlan4mon del
    iw dev mon5 del
    rm -rf /run/kismet_cap_linux_wifi
    ip link set wlan2 up
    ip link set wlan4 up
} 2>/dev/null

run_scene() { # NAME
    local start=$SECONDS

    scene=$1
    scenes=$((scenes + 1))
    state >before
    if "scene_$scene" >said 2>&1; then
        echo "ok    $scene ($((SECONDS - start)) s)"
        grep -E '^mark ' said
    else
        failed=$((failed + 1))
        echo "FAIL  $scene ($((SECONDS - start)) s)"
        cat said
        tail -n 40 "$scene.log" 2>/dev/null | sed 's/^/      | /'
        clean_up
    fi
}

ip link set wlan2 up
ip link set wlan4 up
access_point wlan0 hwsim6 hw_mode=g channel=6 || exit 1
access_point wlan1 hwsim36 hw_mode=a channel=36 || exit 1
for name in "$@"; do run_scene "$name"; done
echo "$((scenes - failed)) of $scenes scenes passed"
[[ $failed -eq 0 ]]
