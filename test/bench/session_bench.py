#!/usr/bin/env python3
"""session_bench.py - what a session costs.

A small file is fetched with and without its session being looked up, each request with another one
of 100,000 (in Redis 10,000); then every request stores a value in its session.  CPU is that of all
threads of the workers, a request, and what the store does is part of it.  Rows take turns in every
round; the median is printed."""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

from bench import Server, WORKERS, free_port, longest_turn
from session_stores import STORES

HERE = os.path.dirname(os.path.abspath(__file__))
MOST_US = 20.0       # more a request, for a session that is looked up
LEAST_WRITES = 10_000.0
LONGEST_TURN_MS = 10.0
ROWS = [("off", "/plain/1k.txt", False, "1 KiB, sessions off"),
        ("loaded", "/1k.txt", False, "1 KiB, its session looked up"),
        ("stored", "/echo/", True, "a value stored in its session")]


def cpu_seconds(pids):
    """Of all their threads: bench.py's counts the first one only."""
    total = 0
    for pid in pids:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/schedstat") as f:
                total += int(f.read().split()[0])
    return total / 1e9


def start(binary, work, store):
    root = os.path.join(work, "root")
    os.makedirs(os.path.join(root, "plain"))
    for name in ("1k.txt", "plain/1k.txt"):
        with open(os.path.join(root, name), "w") as f:
            f.write("x" * 1024)
    port = free_port()
    conf = os.path.join(work, "ostler.conf")
    with open(conf, "w") as f:
        f.write(f"""
server: {{ workers = {WORKERS}; connections = 2000; pid_file = "{work}/ostler.pid"; error_log = "{work}/ostler.log"; log_level = "warn"; }};
listen = ( {{ address = "127.0.0.1"; port = {port}; }} );
http: {{ keep_alive_requests = 100000000; }};
modules: {{ session = true; echo = true; }};
session: {{ store = "{store.url}"; per_client = 0; }};
static: {{ root = "{root}"; }};
locations = ( {{ path = "/plain/"; modules: {{ session = false; }}; }},
              {{ path = "/echo/"; echo: {{ here = true; }}; }} );
""")
    return Server("ostler", [binary, "-D", "-c", conf], port)


def wrk(server, target, stores, ids, seconds, connections):
    """Requests/s, CPU in µs a request, p99 in ms, requests."""
    env = dict(os.environ, SESSION_IDS=ids, SESSION_SET="1" if stores else "0")
    pids = server.pids()
    before = cpu_seconds(pids)
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--latency", "--timeout", "20s", "-s",
                          os.path.join(HERE, "session.lua"), f"http://127.0.0.1:{server.port}{target}"],
                         capture_output=True, text=True, env=env).stdout
    used = cpu_seconds(pids) - before
    if "Non-2xx" in out or "Socket errors" in out:
        sys.exit(f"{target}: {out}")
    requests = int(re.search(r"(\d+) requests in", out).group(1))
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", out)
    return (rate, used / max(requests, 1) * 1e6,
            float(p99.group(1)) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[p99.group(2)], requests)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ostler", required=True)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--store", choices=STORES, default="sqlite")
    parser.add_argument("--sessions", type=int, help="100,000, or 10,000 in Redis")
    parser.add_argument("--connections", type=int, default=32)
    args = parser.parse_args()
    args.sessions = args.sessions or {"sqlite": 100_000, "redis": 10_000}[args.store]
    work = tempfile.mkdtemp(prefix="ostler-bench-")
    store = STORES[args.store](work)
    server = start(args.ostler, work, store)
    try:
        ids = os.path.join(work, "ids")
        with open(ids, "w") as f:
            f.write("\n".join(store.fill(server.port, args.sessions)) + "\n")
        samples = {row[0]: [] for row in ROWS}
        before, stored, turn = store.changes(), 0, 0.0
        for _ in range(args.rounds):
            for name, target, stores, _ in ROWS:
                samples[name].append(wrk(server, target, stores, ids, args.seconds, args.connections))
                turn = max(turn, longest_turn(args.ostler, work) or 0.0)
                stored += samples[name][-1][3] if stores else 0
        kept = None if before is None else store.changes() - before
        # Every kind of request while the store is broken; answered with 200 all the same.
        store.break_it(lambda stores: wrk(server, "/echo/" if stores else "/1k.txt", stores, ids, 3, 4))
        worst = longest_turn(args.ostler, work) or 0.0
    finally:
        server.stop()
        store.stop()
        shutil.rmtree(work, ignore_errors=True)
    median = {n: tuple(statistics.median(r[i] for r in runs) for i in range(3)) for n, runs in samples.items()}
    print(f"{args.sessions:,} sessions in {store.title}, {WORKERS} workers, {args.connections} connections, "
          f"median of {args.rounds} runs of {args.seconds} s\n")
    print("| | requests/s | CPU µs a request | p99 ms |\n|---|---|---|---|")
    for name, _, _, what in ROWS:
        rate, cpu, p99 = median[name]
        print(f"| {what} | {rate:,.0f} | {cpu:.1f} | {p99:.2f} |")
    more = median["loaded"][1] - median["off"][1]
    print(f"\na session looked up: {more:.1f} µs more a request (agreed: {MOST_US:.0f})")
    print(f"stored: {median['stored'][0]:,.0f}/s (agreed: {LEAST_WRITES:,.0f})"
          + ("" if kept is None else f"; {stored:,} answered, {kept:,} in the store"))
    print(f"longest turn of a loop: {turn:.1f} ms, with the store broken in every way: {worst:.1f} ms "
          f"(agreed: {LONGEST_TURN_MS:.0f})")
    good = (more <= MOST_US and median["stored"][0] >= LEAST_WRITES and (kept is None or kept >= stored) and
            worst < LONGEST_TURN_MS)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
