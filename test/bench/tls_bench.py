#!/usr/bin/env python3
"""tls_bench.py - HTTPS by ostler, nginx, lighttpd and h2o, in one run.

1 KiB and 1 MiB over kept connections and 1 KiB over a new one each by wrk, a new connection each
with a whole and with a resumed handshake by a client in Python, and the memory of an idle
connection.  All with one ECDSA certificate and what they choose by default.  CPU is that of the
server's processes, a request.  The servers take turns in every round; the median is printed."""

import argparse
import os
import resource
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import bench
from bench import Server, WORKERS, cpu_seconds, free_port, wrk

NAMES = ("ostler", "nginx", "lighttpd", "h2o")
IDLE = 2000
# name, path, connections, extra arguments of wrk, what it is
ROWS = [
    ("1k", "/1k.txt", 16, [], "1 KiB, keep-alive"),
    ("1m", "/1m.bin", 16, [], "1 MiB, keep-alive"),
    ("close", "/1k.txt", 16, ["-H", "Connection: close"], "1 KiB, new connection each, by wrk"),
]
CONNECTIONS = [
    ("full", False, "1 KiB, whole handshake each"),
    ("resumed", True, "1 KiB, resumed handshake each"),
]


def make_pair(work):
    cert, key = os.path.join(work, "cert.pem"), os.path.join(work, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                    "-keyout", key, "-out", cert], check=True, stderr=subprocess.DEVNULL)
    return cert, key


def start_h2o(root, work, pair):
    port = free_port()
    conf = os.path.join(work, "h2o.conf")
    user = "user: root\n" if os.geteuid() == 0 else ""
    with open(conf, "w") as f:
        f.write(f"""{user}num-threads: {WORKERS}
max-connections: 16000
http1-request-timeout: 300
error-log: {work}/h2o.log
pid-file: {work}/h2o.pid
listen:
  host: 127.0.0.1
  port: {port}
  ssl:
    certificate-file: {pair[0]}
    key-file: {pair[1]}
    minimum-version: TLSv1.2
hosts:
  "localhost":
    paths:
      "/":
        file.dir: {root}
""")
    return Server("h2o", [shutil.which("h2o") or "/usr/bin/h2o", "-c", conf], port,
                  "https", processes=1)


class Client:
    """One thread that connects, asks once and leaves, over and over."""

    def __init__(self, port, resume):
        self.port, self.resume = port, resume
        self.context = ssl.create_default_context()
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE
        self.session = None
        self.done = self.resumed = 0
        self.error = None

    def ask(self):
        raw = socket.create_connection(("127.0.0.1", self.port))
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.context.wrap_socket(raw, server_hostname="localhost", session=self.session) as s:
            s.sendall(b"GET /1k.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            got = 0
            while piece := s.recv(65536):
                got += len(piece)
            if got < 1024:
                raise OSError(f"{got} bytes")
            self.resumed += s.session_reused
            if self.resume:
                self.session = s.session
        self.done += 1

    def run(self, until):
        try:
            while time.monotonic() < until:
                self.ask()
        except OSError as e:
            self.error = e


def connect(server, resume, seconds):
    """One run of two clients: connections/s and CPU in µs a connection."""
    clients = [Client(server.port, resume) for _ in range(2)]
    for c in clients:
        c.ask()
        c.done = c.resumed = 0
    pids = server.pids()
    before, began = cpu_seconds(pids), time.monotonic()
    threads = [threading.Thread(target=c.run, args=(began + seconds,)) for c in clients]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    used, took = cpu_seconds(pids) - before, time.monotonic() - began
    done = sum(c.done for c in clients)
    for c in clients:
        if c.error:
            sys.exit(f"{server.name}: {c.error}")
    if sum(c.resumed for c in clients) != (done if resume else 0):
        print(f"  ({server.name}: {sum(c.resumed for c in clients)} of {done} resumed)")
    return done / took, used / max(done, 1) * 1e6, float("nan"), ""


def idle_memory(server, count):
    """KiB a connection that made one request and stays."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE

    def opened():
        s = context.wrap_socket(socket.create_connection(("127.0.0.1", server.port)),
                                server_hostname="localhost")
        bench.ask(s)
        return s
    kept = [opened() for _ in range(64)]
    before = bench.private_kib(server.pids())
    kept += [opened() for _ in range(count)]
    after = bench.private_kib(server.pids())
    for s in kept:
        s.close()
    return (after - before) / count


def print_row(what, median):
    best = min(median[n][1] for n in NAMES[1:])
    cells = [f"{median[n][0]:,.0f} / {median[n][1]:,.1f}" for n in NAMES]
    print(f"| {what} | {' | '.join(cells)} | {median['ostler'][1] / best:.2f} |", flush=True)


def measure(servers, args, once):
    samples = {s.name: [] for s in servers}
    for s in servers:
        once(s, 1)
    for _ in range(args.rounds):
        for s in servers:
            samples[s.name].append(once(s, args.seconds))
    return {n: tuple(statistics.median(r[i] for r in runs) for i in range(2))
            for n, runs in samples.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ostler", required=True, help="the binary")
    parser.add_argument("--seconds", type=float, default=3, help="length of one run")
    parser.add_argument("--rounds", type=int, default=3, help="runs a server and row")
    parser.add_argument("--list", action="store_true", help="print the rows' names")
    parser.add_argument("rows", nargs="*", help="only these")
    args = parser.parse_args()
    if args.list:
        print(" ".join([r[0] for r in ROWS + CONNECTIONS] + ["idle"]))
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20000), hard))
    work = tempfile.mkdtemp(prefix="ostler-bench-")
    servers = []

    def wanted(name):
        return not args.rows or name in args.rows
    try:
        os.chmod(work, 0o755)
        root = os.path.join(work, "www")
        os.mkdir(root)
        bench.make_site(root, many=0)
        pair = make_pair(work)
        servers = [bench.start_ostler(args.ostler, root, work, pair),
                   bench.start_nginx(root, work, pair), bench.start_lighttpd(root, work, pair),
                   start_h2o(root, work, pair)]
        print(f"{time.strftime('%Y-%m-%d')}, {bench.machine()}, {WORKERS} workers each, "
              f"{ssl.OPENSSL_VERSION}, median of {args.rounds} runs of {args.seconds:g} s\n")
        print("| requests/s / CPU µs a request | " + " | ".join(NAMES) + " | CPU vs the best |")
        print("|---|---|---|---|---|---|")
        for name, path, connections, extra, what in ROWS:
            if wanted(name):
                print_row(what, measure(servers, args, lambda s, t: wrk(
                    s, path, connections, extra, max(1, round(t)))))
        for name, resume, what in CONNECTIONS:
            if wanted(name):
                print_row(what, measure(servers, args, lambda s, t: connect(s, resume, t)))
        if wanted("idle"):
            kib = {s.name: idle_memory(s, IDLE) for s in servers}
            print(f"| {IDLE:,} idle connections, KiB each | "
                  + " | ".join(f"{kib[n]:.1f}" for n in NAMES) + " | |")
    finally:
        for s in servers:
            s.stop()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
