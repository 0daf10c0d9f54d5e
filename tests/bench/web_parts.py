# SPDX-License-Identifier: GPL-2.0-or-later
"""The part "websocket": what the same packets cost over TCP, WebSocket, and WebSocket with TLS."""

import mmap
import os
import shutil
import struct
import subprocess

from parts import check_received, progress, send_tool
from procs import Failure, Sender, Skip, cpu_seconds, wait_for_file

HERE = os.path.dirname(os.path.realpath(__file__))
CERTIFICATES = os.path.join(os.path.dirname(HERE), "lib", "certificates.sh")


def need_websockets(bench, path):
    """Skips the part when the tool says that it lacks the library."""
    said = subprocess.run([bench.tool, "--connect", "ws://127.0.0.1:1", "--disable-retry",
                           "--source", path], capture_output=True, text=True, timeout=20,
                          check=False).stderr
    if "libwebsockets" in said:
        raise Skip("the tool was built without libwebsockets")


# --- to the sink: what the tool can -------------------------------------------------------------


def sink_rounds(bench, profile):
    """TCP and WebSocket in turns. Each arrives as it should, to begin with."""
    path = bench.capture(bench.packets, profile)
    out = {"tcp": [], "ws": []}
    for websocket in (False, True):
        send_tool(bench, "v3", path, bench.packets, verify=True, websocket=websocket)
    for n in range(bench.rounds):
        progress(f"websocket: {profile}: round {n + 1} of {bench.rounds}")
        for name in out:
            out[name].append(send_tool(bench, "v3", path, bench.packets, verify=False,
                                       websocket=name == "ws"))
    return out


# --- to the receiver: what both can -------------------------------------------------------------


def certificates(bench):
    """A folder with them; None where there is no openssl(1)."""
    folder = bench.scratch("certificates")
    if not shutil.which("openssl"):
        return None
    made = subprocess.run(["bash", "-c", '. "$1"; make_certificates "$2"', "bash", CERTIFICATES,
                           folder], capture_output=True, text=True, check=False)
    if made.returncode:
        raise Failure(made.stdout)
    return folder


class Receiver:
    """kismet_cap_receiver, with its output in memory where the system has such a place."""

    def __init__(self, bench, tls):
        self.folder = bench.scratch("receiver")
        os.mkdir(self.folder)
        self.output = os.path.join(bench.memory_dir(), f"kismet-cap-bench-{os.getpid()}.pcapng")
        ports = [os.path.join(self.folder, name) for name in ("tcp", "http")]
        argv = [bench.receiver(), "--no-table", "--quiet", f"--write={self.output}",
                "--remote-capture-port=0", f"--port-file={ports[0]}", "--httpd-port=0",
                f"--httpd-port-file={ports[1]}"]
        if tls:
            argv += [f"--httpd-ssl-certificate={tls}/good.crt", f"--httpd-ssl-key={tls}/good.key"]
        self.process = Sender(argv, os.path.join(self.folder, "log"))
        try:
            self.tcp, self.http = (int(wait_for_file(path, 10)) for path in ports)
        except Failure as e:
            self.close()
            raise Failure(f"{e}: {self.process.said()}") from e

    def packets(self):
        """How many packet blocks its file has."""
        count = at = 0
        with open(self.output, "rb") as f, mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ) as m:
            while at < len(m):
                kind, length = struct.unpack_from("=II", m, at)
                count += kind == 6
                at += length
        return count

    def end(self):
        """Asks it to end, so that everything is written; returns what it used."""
        return self.process.stop(30)[1]

    def close(self):
        self.process.kill()
        if os.path.exists(self.output):
            os.unlink(self.output)


def send_to_receiver(bench, scheme, path, packets, tls):
    """The time of a whole run of the tool: it ends when the receiver has acknowledged all."""
    receiver = Receiver(bench, tls if scheme == "wss" else None)
    port = receiver.tcp if scheme == "tcp" else receiver.http
    trust = [f"--ssl-certificate={tls}/ca.crt"] if scheme == "wss" else []
    sender = Sender([bench.tool, "--connect", f"{scheme}://127.0.0.1:{port}", *trust,
                     "--source", f"{path}:exit=true", "--protocol=v3"], bench.scratch("tool.log"))
    try:
        code, usage = sender.wait(bench.timeout)
        seconds = (sender.end_ns - sender.start_ns) / 1e9
        if code != 0:
            raise Failure(f"{scheme}: exit status {code}: {sender.said()}")
        receiver_usage = receiver.end()
        check_received(scheme, receiver.packets(), packets)
    finally:
        sender.kill()
        receiver.close()
    return {"pps": packets / seconds,
            "cpu_s_per_mpkt": cpu_seconds(usage) / packets * 1e6,
            "sink_s_per_mpkt": cpu_seconds(receiver_usage) / packets * 1e6}


def receiver_rounds(bench):
    path, tls = bench.capture(bench.packets, "mix"), certificates(bench)
    out = {scheme: [] for scheme in ("tcp", "ws", "wss") if tls or scheme != "wss"}
    for n in range(bench.rounds):
        progress(f"websocket: receiver: round {n + 1} of {bench.rounds}")
        for scheme, rounds in out.items():
            rounds.append(send_to_receiver(bench, scheme, path, bench.packets, tls))
    return out


def part_websocket(bench):
    need_websockets(bench, bench.capture(bench.packets, "mix"))
    bench.receiver()
    return {"mix": sink_rounds(bench, "mix"), "small": sink_rounds(bench, "small"),
            "receiver": receiver_rounds(bench)}
