#!/usr/bin/env python3
"""bench.py - ostler, nginx and lighttpd side by side: requests/s, server CPU per request, p99,
memory per idle connection, and ratios to the best of the other two.

Every row is measured in several rounds, the servers taking turns within each, and the median is
printed: the machine may be noisy, the servers share its moods.  CPU is the time the kernel
charged to the server's processes (/proc/PID/schedstat, or stat where that is missing)."""

import argparse
import os
import platform
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
WORKERS = 2
MANY = 20000

# name, path or lua script, connections, extra wrk arguments, what it is
ROWS = [
    ("1k", "/1k.txt", 16, [], "1 KiB, keep-alive"),
    ("16k", "/16k.bin", 16, [], "16 KiB, keep-alive"),
    ("100k", "/100k.bin", 16, [], "100 KiB, keep-alive"),
    ("1m", "/1m.bin", 16, [], "1 MiB, keep-alive"),
    ("64m", "/64m.bin", 4, [], "64 MiB, keep-alive"),
    ("many", "static.lua", 16, [], "20,000 different files of 1 KiB"),
    ("404", "/none.txt", 16, [], "404, keep-alive"),
    ("close", "/1k.txt", 16, ["-H", "Connection: close"], "1 KiB, new connection each"),
    ("1000", "/1k.txt", 1000, [], "1 KiB, 1,000 connections"),
]
IDLE = 5000


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def descendants(pid):
    """`pid` and every process below it."""
    children = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat") as f:
                parent = int(f.read().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(entry))
    found, todo = [], [pid]
    while todo:
        p = todo.pop()
        found.append(p)
        todo += children.get(p, [])
    return found


def cpu_seconds(pids):
    total = 0.0
    for pid in pids:
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/schedstat") as f:
                    total += int(f.read().split()[0]) / 1e9
        except (OSError, ValueError, IndexError):
            with open(f"/proc/{pid}/stat") as f:
                fields = f.read().rsplit(")", 1)[1].split()
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def private_kib(pids):
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup") as f:
            text = f.read()
        total += int(re.search(r"Private_Dirty:\s+(\d+)", text).group(1))
    return total


class Server:
    def __init__(self, name, command, port, scheme="http", processes=WORKERS + 1):
        self.name, self.port, self.scheme = name, port, scheme
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, start_new_session=True)
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    sys.exit(f"{name} does not start: {' '.join(command)}\n"
                             + self.process.stderr.read().decode())
                time.sleep(0.05)
        # All workers must be there before their CPU is counted.
        while len(descendants(self.process.pid)) < processes and time.monotonic() < deadline:
            time.sleep(0.05)

    def pids(self):
        return descendants(self.process.pid)

    def stop(self):
        try:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(10)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.stderr.close()


def make_site(root, many=MANY):
    for name, size in [("1k.txt", 1 << 10), ("16k.bin", 16 << 10), ("100k.bin", 100 << 10),
                       ("1m.bin", 1 << 20), ("64m.bin", 64 << 20)]:
        with open(os.path.join(root, name), "wb") as f:
            f.write(os.urandom(min(size, 1 << 20)) * (size >> 20 or 1))
    os.mkdir(os.path.join(root, "many"))
    for i in range(many):
        with open(os.path.join(root, "many", f"{i:05d}.txt"), "wb") as f:
            f.write(b"%05d" % i * 205)
    for directory, _, _ in os.walk(root):
        os.chmod(directory, 0o755)


# `pair`, a certificate's file and its key's, makes it HTTPS.

def start_ostler(binary, root, work, pair=None):
    port = free_port()
    tls = f'tls: {{ certificate = "{pair[0]}"; key = "{pair[1]}"; }};' if pair else ""
    conf = os.path.join(work, "ostler.conf")
    with open(conf, "w") as f:
        f.write(f"""
server: {{ workers = {WORKERS}; connections = 16000; pid_file = "{work}/ostler.pid"; error_log = "{work}/ostler.log"; }};
listen = ( {{ address = "127.0.0.1"; port = {port}; tls = {"true" if pair else "false"}; }} );
{tls}
http: {{ keep_alive_requests = 100000000; }};
static: {{ root = "{root}"; }};
""")
    return Server("ostler", [binary, "-D", "-c", conf], port, "https" if pair else "http")


def start_nginx(root, work, pair=None):
    port = free_port()
    tls = (f"ssl_certificate {pair[0]}; ssl_certificate_key {pair[1]}; "
           "ssl_protocols TLSv1.2 TLSv1.3;") if pair else ""
    conf = os.path.join(work, "nginx.conf")
    user = "user root;" if os.geteuid() == 0 else ""
    with open(conf, "w") as f:
        f.write(f"""
{user} daemon off; worker_processes {WORKERS}; pid {work}/nginx.pid; error_log {work}/nginx.log;
worker_rlimit_nofile 20000;
events {{ worker_connections 16000; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; keepalive_timeout 300;
  types {{ text/plain txt; }} default_type application/octet-stream;
  client_body_temp_path {work}/nb; proxy_temp_path {work}/np; fastcgi_temp_path {work}/nf;
  uwsgi_temp_path {work}/nu; scgi_temp_path {work}/ns;
  server {{ listen 127.0.0.1:{port}{" ssl" if pair else ""} backlog=4096; {tls} root {root}; }} }}
""")
    return Server("nginx", [shutil.which("nginx") or "/usr/sbin/nginx", "-c", conf, "-e",
                            f"{work}/nginx.log"], port, "https" if pair else "http")


def start_lighttpd(root, work, pair=None):
    port = free_port()
    tls = (f'server.modules = ( "mod_openssl" )\nssl.engine = "enable"\n'
           f'ssl.pemfile = "{pair[0]}"\nssl.privkey = "{pair[1]}"\n') if pair else ""
    conf = os.path.join(work, "lighttpd.conf")
    with open(conf, "w") as f:
        f.write(f"""
server.document-root = "{root}"
server.bind = "127.0.0.1"
server.port = {port}
server.max-worker = {WORKERS}
server.max-fds = 20000
server.max-connections = 16000
server.listen-backlog = 4096
server.max-keep-alive-requests = 100000000
server.max-keep-alive-idle = 300
server.errorlog = "{work}/lighttpd.log"
{tls}mimetype.assign = ( ".txt" => "text/plain", "" => "application/octet-stream" )
""")
    return Server("lighttpd", [shutil.which("lighttpd") or "/usr/sbin/lighttpd", "-D", "-f", conf],
                  port, "https" if pair else "http")


def wrk(server, target, connections, extra, seconds):
    """One run: requests/s, CPU in µs a request, p99 in ms, errors."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--latency", *extra]
    url = f"{server.scheme}://127.0.0.1:{server.port}"
    if target.endswith(".lua"):
        command += ["-s", os.path.join(HERE, target), url]
    else:
        command += [url + target]
    pids = server.pids()
    before = cpu_seconds(pids)
    out = subprocess.run(command, capture_output=True, text=True).stdout
    used = cpu_seconds(pids) - before
    requests = int(re.search(r"(\d+) requests in", out).group(1))
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", out)
    scale = {"us": 1e-3, "ms": 1.0, "s": 1e3}
    errors = re.search(r"Socket errors: (.*)", out)
    return (rate, used / max(requests, 1) * 1e6,
            float(p99.group(1)) * scale[p99.group(2)] if p99 else float("nan"),
            errors.group(1) if errors else "")


def ask(sock):
    sock.sendall(b"GET /1k.txt HTTP/1.1\r\nHost: bench\r\n\r\n")
    got = b""
    while b"\r\n\r\n" not in got or len(got) < got.index(b"\r\n\r\n") + 4 + 1024:
        piece = sock.recv(8192)
        if not piece:
            raise OSError("closed")
        got += piece


def idle_memory(server, count):
    """KiB a connection that made one request and stays."""
    warm = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(64)]
    for s in warm:
        ask(s)
    before = private_kib(server.pids())
    kept = []
    for _ in range(count):
        s = socket.create_connection(("127.0.0.1", server.port))
        ask(s)
        kept.append(s)
    after = private_kib(server.pids())
    for s in kept + warm:
        s.close()
    return (after - before) / count


def longest_turn(binary, work):
    """What the workers say of their loops (ostler -s status), in ms; None when they do not."""
    out = subprocess.run([binary, "-c", f"{work}/ostler.conf", "-s", "status"],
                         capture_output=True, text=True).stdout
    found = [int(x) / 1000 for x in re.findall(r"longest turn (\d+) us", out)]
    return max(found) if found else None


def measure_row(servers, row, args):
    name, target, connections, extra, _ = row
    samples = {s.name: [] for s in servers}
    for s in servers:  # warm up caches and pools
        wrk(s, target, connections, extra, 1)
    for _ in range(args.rounds):
        for s in servers:
            samples[s.name].append(wrk(s, target, connections, extra, args.seconds))
    median = {}
    for s in servers:
        runs = samples[s.name]
        median[s.name] = tuple(statistics.median(r[i] for r in runs) for i in range(3))
        broken = {r[3] for r in runs if r[3]}
        if broken:
            print(f"  ({s.name}, {name}: socket errors: {'; '.join(broken)})")
    return median


def machine():
    model = ""
    with open("/proc/cpuinfo") as f:
        found = re.search(r"model name\s*:\s*(.*)", f.read())
        model = found.group(1) if found else platform.machine()
    return f"{os.cpu_count()} x {model}, {platform.system()} {platform.release()}"


def print_row(what, median):
    best = min(median["nginx"][1], median["lighttpd"][1])
    cells = [f"{median[n][0]:,.0f} / {median[n][1]:,.2f} / {median[n][2]:.2f}"
             for n in ("ostler", "nginx", "lighttpd")]
    ratio = [f"{median['ostler'][1] / median[n][1]:.2f}" for n in ("nginx", "lighttpd")]
    print(f"| {what} | {' | '.join(cells)} | {ratio[0]} | {ratio[1]} | "
          f"{median['ostler'][1] / best:.2f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ostler", required=True, help="the binary")
    parser.add_argument("--seconds", type=int, default=4, help="length of one run of wrk")
    parser.add_argument("--rounds", type=int, default=3, help="runs a server and row")
    parser.add_argument("--list", action="store_true", help="print the rows' names")
    parser.add_argument("rows", nargs="*", help="only these")
    args = parser.parse_args()
    if args.list:
        print(" ".join([r[0] for r in ROWS] + ["idle"]))
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20000), hard))
    work = tempfile.mkdtemp(prefix="ostler-bench-")
    servers = []
    try:
        os.chmod(work, 0o755)
        root = os.path.join(work, "www")
        os.mkdir(root)
        make_site(root)
        servers = [start_ostler(args.ostler, root, work), start_nginx(root, work),
                   start_lighttpd(root, work)]
        print(f"{time.strftime('%Y-%m-%d')}, {machine()}, {WORKERS} workers each, "
              f"median of {args.rounds} runs of {args.seconds} s, wrk with one thread\n")
        print("| requests/s / CPU µs a request / p99 ms | ostler | nginx | lighttpd "
              "| CPU vs nginx | vs lighttpd | vs the better |")
        print("|---|---|---|---|---|---|---|")
        for row in ROWS:
            if args.rows and row[0] not in args.rows:
                continue
            print_row(row[4], measure_row(servers, row, args))
            if row[0] == "64m":
                turn = longest_turn(args.ostler, work)
                print(f"| longest turn of ostler's loop meanwhile | "
                      f"{'?' if turn is None else f'{turn:.1f} ms'} | | | | | |")
        if not args.rows or "idle" in args.rows:
            kib = {s.name: idle_memory(s, IDLE) for s in servers}
            print(f"| {IDLE:,} idle connections, KiB each | " + " | ".join(
                f"{kib[n]:.2f}" for n in ("ostler", "nginx", "lighttpd")) + " | | | |")
    finally:
        for s in servers:
            s.stop()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
