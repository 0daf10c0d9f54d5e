# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A tap device with the link type of 802.11 frames, tap0, for the Wi-Fi tool. Source it behind
# feed.sh, as root in a network namespace of the test's own. $holder holds it.

# Holds tap0. Writes so many frames as a line of the FIFO "frames" says, each with its number.
cat >tap.py <<'PYTHON'
import fcntl, os, struct
tap = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tap, 0x400454CA, struct.pack("16sH22x", b"tap0", 0x1002))   # TUNSETIFF, TAP without PI
fcntl.ioctl(tap, 0x400454CD, 803)                                       # TUNSETLINK, radiotap
open("tap.ready", "w").close()
number = 0
for line in os.fdopen(os.open("frames", os.O_RDWR)):
    for i in range(int(line)):
        head = struct.pack("<BBHI", 0, 0, 8, 0)
        frame = struct.pack("<BBH6s6s6sHI", 8, 0, 0, b"\2kismt", b"\2kismu", b"\2kismv", 0, number)
        try:
            os.write(tap, head + frame + b"\0" * (number % 300))
        except OSError:
            break           # it is down
        number += 1
PYTHON
mkfifo frames
python3 tap.py 2>tap.log &
holder=$!
STARTED+=("$holder")
wait_until test -e tap.ready || { cat tap.log; exit 1; }
# Nothing but the test's own frames.
echo 1 >/proc/sys/net/ipv6/conf/tap0/disable_ipv6 2>/dev/null

is_up() {
    [[ $(ip -o link show tap0) == *[\<,]UP[,\>]* ]]
}

is_down() {
    ! is_up
}
