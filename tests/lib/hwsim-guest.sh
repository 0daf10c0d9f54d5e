# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What scripts in hwsim-vm's virtual machine share: access points, a client, monitor interfaces, the
# capture tool under test, and waiting. Source it first; it moves to /tmp. BIN is the folder with
# the programs, SERVER where the tool connects to.

set -u -o pipefail
cd /tmp || exit 1

wait_until() { # COMMAND...: up to 30 s; $WAIT_SECONDS says otherwise
    local until=$((SECONDS + ${WAIT_SECONDS:-30}))

    while ((SECONDS <= until)); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.1
    done
    return 1
}

# --- who is on the air ---------------------------------------------------------------------------

access_point() { # INTERFACE SSID HOSTAPD-LINE...
    local interface=$1 ssid=$2

    shift 2
    printf '%s\n' "interface=$interface" "ssid=$ssid" "$@" country_code=US wpa=2 \
        wpa_key_mgmt=WPA-PSK rsn_pairwise=CCMP wpa_passphrase=simulated-air >"$interface.conf"
    hostapd -B "$interface.conf" >"$interface.log" 2>&1
    wait_until grep -q AP-ENABLED "$interface.log" ||
        { echo "no access point on $interface:"; cat "$interface.log"; return 1; }
}

# Joins the access point on 2437 MHz and waits until it is in.
client() { # INTERFACE SSID
    printf '%s\n' 'ctrl_interface=/run/wpa' 'network={' "ssid=\"$2\"" 'psk="simulated-air"' \
        'scan_freq=2437' '}' >"$1.conf"
    rm -f "$1.log" # of the last time
    wpa_supplicant -B -P "$1.pid" -f "$1.log" -i "$1" -c "$1.conf" >/dev/null
    wait_until grep -q CTRL-EVENT-CONNECTED "$1.log" ||
        { echo "$1 did not get into $2:"; cat "$1.log"; return 1; }
}

monitor() { # PHY NAME MHZ...: a monitor interface that is tuned
    iw phy "$1" interface add "$2" type monitor && ip link set "$2" up &&
        iw dev "$2" set freq "${@:3}"
}

# --- the tool ------------------------------------------------------------------------------------

# Starts it: its pid is in $tool, its log in NAME.log. Signals are as on a terminal; a shell would
# have it ignore SIGINT.
start_tool() { # NAME OPTION...
    env --default-signal=INT,TERM,HUP,QUIT "$BIN/kismet_cap_linux_wifi" --connect "$SERVER" \
        "${@:2}" </dev/null >"$1.log" 2>&1 &
    tool=$!
}

# The processes that have the radios.
children() { # PID
    cat "/proc/$1/task"/*/children 2>/dev/null | xargs -n 1
}

end_tool() { # SIGNAL
    kill -"$1" "$tool"
    wait "$tool" 2>/dev/null
}

# Ended, though the virtual machine's first process may not have waited for it.
gone() { # PID...
    local pid

    for pid; do ! readlink "/proc/$pid/exe" >/dev/null || return 1; done
}

tuned() { # INTERFACE MHZ [WIDTH]
    iw dev "$1" info | grep -qE "channel [0-9]+ \($2 MHz\)${3:+, width: $3 MHz}"
}

received() { # INTERFACE
    cat "/sys/class/net/$1/statistics/rx_packets"
}

# Waits until it is tuned and frames have come.
hears() { # INTERFACE MHZ FRAMES
    local before

    wait_until tuned "$1" "$2" || return
    before=$(received "$1")
    wait_until eval "((\$(received $1) >= $before + $3))"
}

# --- channel changes, as the kernel sees them ----------------------------------------------------

TRACING=/sys/kernel/debug/tracing

trace_tuning() {
    echo 0 >$TRACING/events/enable
    echo 4096 >$TRACING/buffer_size_kb
    echo >$TRACING/trace
    echo 1 >$TRACING/events/cfg80211/rdev_set_monitor_channel/enable
}

# Lines "SECONDS MHZ WIDTH"; the width is of enum nl80211_chan_width.
traced_tuning() {
    sed -nE 's/.* ([0-9.]+): rdev_set_monitor_channel: .*freq: ([0-9]+)[^,]*, width: ([0-9]+).*/\1 \2 \3/p' \
        $TRACING/trace
}
