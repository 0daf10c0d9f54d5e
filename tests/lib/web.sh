# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the system tests with WebSocket links share. Source it first: it brings feed.sh and
# certificates.sh along.

# shellcheck source=tests/lib/certificates.sh
. "$(dirname "${BASH_SOURCE[0]}")/certificates.sh"
# Last, since it moves to another folder.
# shellcheck source=tests/lib/feed.sh
. "$(dirname "${BASH_SOURCE[0]}")/feed.sh"

# The links of a test go where it says, whatever proxy the machine has.
unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY
unset KISMET_CAP_USER KISMET_CAP_PASSWORD KISMET_CAP_APIKEY

need_websockets() {
    "$BUILD/kismet_cap_pcapfile" --connect ws://127.0.0.1:1 --disable-retry \
        --source="$SRC/examples/wpa2-handshake.pcap" 2>&1 </dev/null | grep -q libwebsockets &&
        skip "built without libwebsockets"
    return 0
}

generations() {
    "$BUILD/kismet_cap_pcapfile" --protocol=v2 --connect x --source x 2>&1 | grep -q protobuf ||
        echo v0 v2
    echo v3
}

free_port() { # ADDRESS
    python3 - "$1" <<'PYTHON'
import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
s.bind((sys.argv[1], 0))
print(s.getsockname()[1])
PYTHON
}

secret_file() { # FILE LINE...
    local file=$1

    shift
    rm -f "$file"
    (umask 077 && printf '%s\n' "$@" >"$file")
}

# As receive, with the HTTP port in $http (kept if it is set already).
receive_web() { # OPTION...
    rm -f http-port
    receive --httpd-port="${http:-0}" --httpd-port-file=http-port --no-table "$@"
    wait_until test -s http-port || { tail -n 20 receiver.log; exit 1; }
    http=$(cat http-port)
}

# Feeds; PORT in URLs is that of $http. Its exit status is the result, its log tool.log.
web_tool() { # URL OPTION...
    timeout -k 5 200 "$BUILD/kismet_cap_pcapfile" --connect "${@//:PORT/:${http-}}" \
        </dev/null 2>>tool.log
}

# The file that was fed and the one that was received are the same, or the test has failed.
arrived() { # WHAT SENT RECEIVED
    local n

    n=$(count_packets "$3")
    if same_packets "$2" "$3"; then
        echo "$1: all $n packets, in order"
    else
        fail "$1: $n of $(count_packets "$2") packets arrived, or not the same;" \
            "the end of the tool's log: $(tail -n 5 tool.log)"
    fi
}

# A tool that tries once is refused: an exit status that tells so, and a message with these words (a
# pattern), which is not that of refusals with other words.
declare -A REFUSALS=()

refused() { # WHAT WORDS URL OPTION...
    local what=$1 words=$2 url=$3 status said

    shift 3
    : >tool.log
    web_tool "$url" --disable-retry --source="$PWD/refused.pcap:name=feed,exit=true" "$@"
    status=$?
    said=$(grep -iE -- "$words" tool.log | tail -n 1 |
        sed -E 's/^.*(localhost|127\.[0-9.]+)[^:]*: //')
    echo "$what: $said (status $status)"
    [[ $status -ne 0 && $status -lt 124 ]] || fail "$what: the tool ended with status $status"
    if [[ -z $said ]]; then
        fail "$what: says nothing of \"$words\": $(tail -n 5 tool.log)"
        return
    fi
    if [[ ${REFUSALS[$said]-$words} != "$words" ]]; then
        fail "$what: says the same as for ${REFUSALS[$said]}: $said"
    fi
    REFUSALS[$said]=$words
}
