#!/usr/bin/env python3
"""cgi_bench.py - scripts under ostler, lighttpd's mod_cgi and Apache's mod_cgid, in one run.

A row is a script: a C program, sh, Perl, Python and php-cgi at 16 clients, and 64 MiB of output.
CPU is that of the server's processes and of all scripts, a request, by a control group where there
may be one (Apache forgets what its scripts used; elsewhere its CPU is too small).  The servers
take turns in every round, and the median is printed."""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import bench
from bench import Server, WORKERS, descendants, free_port

C_PROGRAM = r"""
#include <unistd.h>
int main(void)
{
    static const char answer[] = "Content-Type: text/plain\n\nhello\n";
    return write(1, answer, sizeof answer - 1) < 0;
}
"""
# What a run costs without any server: nothing can be faster than this.
FLOOR_PROGRAM = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
static double used(int who)
{
    struct rusage u;
    getrusage(who, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}
int main(int argc, char** argv)
{
    double time = atof(argv[2]), end = seconds() + time;
    long runs = 0;
    (void)argc;
    while (seconds() < end) {
        int out[2], err[2];
        char bytes[4096];
        if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) return 1;
        pid_t id = vfork();
        if (id == 0) {
            char* arguments[] = {argv[1], 0};
            char* variables[] = {"PATH=/usr/bin:/bin", 0};
            dup2(out[1], 1);
            dup2(err[1], 2);
            execve(argv[1], arguments, variables);
            _exit(127);
        }
        close(out[1]);
        close(err[1]);
        while (read(out[0], bytes, sizeof bytes) > 0) {}
        close(out[0]);
        close(err[0]);
        waitpid(id, 0, 0);
        ++runs;
    }
    printf("%f %f\n", (double)runs / time, (used(RUSAGE_SELF) + used(RUSAGE_CHILDREN)) / (double)runs * 1e3);
    return 0;
}
"""
SCRIPTS = {
    "sh.cgi": "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nhello\\n'\n",
    "perl.cgi": "#!/usr/bin/perl\nprint \"Content-Type: text/plain\\n\\nhello\\n\";\n",
    "python.cgi": "#!/usr/bin/python3\nprint('Content-Type: text/plain\\n\\nhello')\n",
    "php.php": "<?php header('Content-Type: text/plain'); echo \"hello\\n\";\n",
    "big.cgi": "#!/bin/sh\nprintf 'Content-Type: application/octet-stream\\n\\n'\nexec head -c 67108864 /dev/zero\n",
}
# name, path, connections, what it is
ROWS = [
    ("c", "/cgi-bin/c.cgi", 16, "C program"),
    ("cs", "/cgi-bin/cs.cgi", 16, "C program, linked statically"),
    ("sh", "/cgi-bin/sh.cgi", 16, "sh"),
    ("perl", "/cgi-bin/perl.cgi", 16, "Perl"),
    ("python", "/cgi-bin/python.cgi", 16, "Python"),
    ("php", "/cgi-bin/php.php", 16, "php-cgi"),
    ("64m", "/cgi-bin/big.cgi", 2, "64 MiB of output"),
]
NAMES = ("ostler", "lighttpd", "apache")
PHP_CGI = shutil.which("php-cgi") or "/usr/bin/php-cgi"


def make_scripts(root, work):
    folder = os.path.join(root, "cgi-bin")
    os.makedirs(folder)
    for name, text in SCRIPTS.items():
        with open(os.path.join(folder, name), "w") as f:
            f.write(text)
        os.chmod(os.path.join(folder, name), 0o755)
    source = os.path.join(work, "c.c")
    with open(source, "w") as f:
        f.write(C_PROGRAM)
    subprocess.run(["cc", "-O2", "-o", os.path.join(folder, "c.cgi"), source], check=True)
    subprocess.run(["cc", "-O2", "-static", "-o", os.path.join(folder, "cs.cgi"), source], check=True)
    source = os.path.join(work, "floor.c")
    with open(source, "w") as f:
        f.write(FLOOR_PROGRAM)
    subprocess.run(["cc", "-O2", "-o", os.path.join(work, "floor"), source], check=True)
    with open(os.path.join(root, "1k.txt"), "w") as f:
        f.write("x" * 1024)


def start_ostler(binary, root, work, workers=WORKERS, more=""):
    port = free_port()
    conf = os.path.join(work, "ostler.conf")
    with open(conf, "w") as f:
        f.write(f"""
server: {{ workers = {workers}; connections = 2000; pid_file = "{work}/ostler.pid"; error_log = "{work}/ostler.log"; log_level = "warn"; }};
listen = ( {{ address = "127.0.0.1"; port = {port}; }} );
http: {{ keep_alive_requests = 100000000; }};
modules: {{ cgi = true; }};
static: {{ root = "{root}"; {more} }};
locations = ( {{ path = "/cgi-bin/"; cgi: {{ root = "{root}/cgi-bin"; interpreters: {{ php = "{PHP_CGI}"; }};
  concurrent_per_script = 16; queue = 1000; queue_time = "60s"; }}; }} );
""")
    return CgiServer("ostler", [binary, "-D", "-c", conf], port)


def start_lighttpd(root, work):
    port = free_port()
    conf = os.path.join(work, "lighttpd.conf")
    with open(conf, "w") as f:
        f.write(f"""
server.modules = ( "mod_cgi" )
server.document-root = "{root}"
server.bind = "127.0.0.1"
server.port = {port}
server.max-worker = {WORKERS}
server.max-keep-alive-requests = 100000000
server.stream-response-body = 1
server.errorlog = "{work}/lighttpd.log"
cgi.assign = ( ".cgi" => "", ".php" => "{PHP_CGI}" )
""")
    return CgiServer("lighttpd", [shutil.which("lighttpd") or "/usr/sbin/lighttpd", "-D", "-f", conf], port)


def start_apache(root, work):
    port = free_port()
    conf = os.path.join(work, "apache.conf")
    modules = next(d for d in ("/usr/lib/apache2/modules", "/opt/homebrew/lib/httpd/modules") if os.path.isdir(d))
    names = ["mpm_event", "authz_core", "cgid", "alias", "mime", "actions"]
    load = "".join(f"LoadModule {n}_module {modules}/mod_{n}.so\n" for n in names
                   if os.path.exists(f"{modules}/mod_{n}.so"))
    with open(conf, "w") as f:
        f.write(f"""
ServerRoot {work}
{load}
Listen 127.0.0.1:{port}
ServerName bench
TypesConfig /dev/null
PidFile {work}/apache.pid
ErrorLog {work}/apache.log
ScriptSock {work}/cgisock
User www-data
Group www-data
StartServers {WORKERS}
ServerLimit {WORKERS}
ThreadsPerChild 32
MaxRequestWorkers {32 * WORKERS}
MaxKeepAliveRequests 0
DocumentRoot {root}
<Directory {root}>
  Require all granted
</Directory>
ScriptAlias /cgi-bin/ {root}/cgi-bin/
ScriptAlias /php-bin/ {os.path.dirname(PHP_CGI)}/
<Directory {os.path.dirname(PHP_CGI)}>
  Require all granted
</Directory>
<Directory {root}/cgi-bin>
  Options +ExecCGI
  AddHandler php-script .php
  Action php-script /php-bin/{os.path.basename(PHP_CGI)}
</Directory>
<Files *.php>
  SetHandler php-script
</Files>
""")
    binary = shutil.which("apache2") or "/usr/sbin/apache2"
    return CgiServer("apache", [binary, "-DFOREGROUND", "-f", conf], port)


class CpuAccount:
    """A control group for one server: counts what everything in it uses, whoever waits for it."""
    V1 = "/sys/fs/cgroup/cpuacct"
    V2 = "/sys/fs/cgroup"

    def __init__(self, name):
        self.folder = None
        base = self.V1 if os.path.exists(self.V1 + "/cpuacct.usage") else self.V2
        folder = os.path.join(base, f"ostler-bench-{os.getpid()}-{name}")
        try:
            os.mkdir(folder)
        except OSError:
            return
        if os.path.exists(folder + "/cpuacct.usage") or os.path.exists(folder + "/cpu.stat"):
            self.folder = folder
        else:
            os.rmdir(folder)

    def command(self, command):
        if not self.folder:
            return command
        return ["sh", "-c", 'echo $$ > "$0" && exec "$@"', self.folder + "/cgroup.procs"] + command

    def seconds(self):
        try:
            with open(self.folder + "/cpuacct.usage") as f:
                return int(f.read()) / 1e9
        except OSError:
            with open(self.folder + "/cpu.stat") as f:
                return int(re.search(r"usage_usec (\d+)", f.read()).group(1)) / 1e6

    def remove(self):
        for _ in range(50):
            try:
                return os.rmdir(self.folder)
            except OSError:
                time.sleep(0.1)


class CgiServer(Server):
    """One whose CPU is counted with that of its scripts."""

    def __init__(self, name, command, port):
        self.account = CpuAccount(name)
        super().__init__(name, self.account.command(command), port)

    def cpu(self):
        if self.account.folder:
            return self.account.seconds()
        return cpu_of(descendants(self.process.pid))

    def stop(self):
        super().stop()
        if self.account.folder:
            self.account.remove()


def cpu_of(pids):
    """Seconds of these processes and of the children they took."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/stat") as f:
                total += sum(int(x) for x in f.read().rsplit(")", 1)[1].split()[11:15])
        except OSError:
            pass
    return total / os.sysconf("SC_CLK_TCK")


def wrk(server, target, connections, seconds):
    """Requests/s, CPU in ms a request, p99 in ms; broken answers end the benchmark."""
    before = server.cpu()
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--latency", "--timeout", "30",
                          f"http://127.0.0.1:{server.port}{target}"], capture_output=True, text=True).stdout
    time.sleep(0.3)  # the last scripts are taken
    used = server.cpu() - before
    if "Non-2xx" in out:
        sys.exit(f"{server.name}: {target}: {out}")
    requests = int(re.search(r"(\d+) requests in", out).group(1))
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", out)
    scale = {"us": 1e-3, "ms": 1.0, "s": 1e3}
    return rate, used / max(requests, 1) * 1e3, float(p99.group(1)) * scale[p99.group(2)]


def measure(servers, row, args):
    _, target, connections, _ = row
    samples = {s.name: [] for s in servers}
    for s in servers:
        wrk(s, target, connections, 1)
    for _ in range(args.rounds):
        for s in servers:
            samples[s.name].append(wrk(s, target, connections, args.seconds))
    return {n: tuple(statistics.median(r[i] for r in runs) for i in range(3)) for n, runs in samples.items()}


def print_floor(root, work, args):
    """The programs in a loop of vfork, exec, read and wait, one loop a processor: no server, no client."""
    for name, what in (("c.cgi", "C program"), ("cs.cgi", "C program, linked statically")):
        loops = [subprocess.Popen([os.path.join(work, "floor"), os.path.join(root, "cgi-bin", name), str(args.seconds)],
                                  stdout=subprocess.PIPE, text=True) for _ in range(os.cpu_count())]
        numbers = [tuple(float(x) for x in p.communicate()[0].split()) for p in loops]
        print(f"{what} without server and client: {sum(n[0] for n in numbers):,.1f} runs/s, "
              f"{statistics.mean(n[1] for n in numbers):.2f} ms CPU a run")


def print_row(what, m):
    cells = " | ".join(f"{m[n][0]:,.1f} / {m[n][1]:.2f} / {m[n][2]:.1f}" for n in NAMES)
    print(f"| {what} | {cells} | {m['ostler'][0] / m['lighttpd'][0]:.2f} | {m['ostler'][0] / m['apache'][0]:.2f} | "
          f"{m['ostler'][1] / m['lighttpd'][1]:.2f} | {m['ostler'][1] / m['apache'][1]:.2f} |", flush=True)


def static_beside_sleepers(binary, root, work, args):
    """p99 of a small file alone, and while 200 clients want a script that sleeps."""
    path = os.path.join(root, "cgi-bin", "sleep.cgi")
    with open(path, "w") as f:
        f.write("#!/bin/sh\nsleep 1\nprintf 'Content-Type: text/plain\\n\\nhello\\n'\n")
    os.chmod(path, 0o755)
    server = start_ostler(binary, root, work)
    try:
        target = f"http://127.0.0.1:{server.port}/1k.txt"

        def p99():
            out = subprocess.run(["wrk", "-t1", "-c4", f"-d{args.seconds}", "--latency", target],
                                 capture_output=True, text=True).stdout
            found = re.search(r"99%\s+([\d.]+)(us|ms|s)", out)
            return float(found.group(1)) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[found.group(2)]

        p99()
        alone = statistics.median(p99() for _ in range(args.rounds))
        beside = []
        for _ in range(args.rounds):
            sleepers = subprocess.Popen(["wrk", "-t1", "-c200", f"-d{args.seconds + 2}", "--timeout", "30",
                                         f"http://127.0.0.1:{server.port}/cgi-bin/sleep.cgi"],
                                        stdout=subprocess.DEVNULL)
            time.sleep(1)
            beside.append(p99())
            sleepers.wait()
        print(f"static file, p99: {alone:.2f} ms alone, {statistics.median(beside):.2f} ms beside 200 clients "
              f"of a script that sleeps")
    finally:
        server.stop()


def longest_turn_when_large(binary, root, work, args):
    """The longest turn of the loop of one worker of 512 MB that starts scripts."""
    many = os.path.join(root, "large")
    os.mkdir(many)
    block = os.urandom(128 << 10)
    for i in range(4200):
        with open(os.path.join(many, str(i)), "wb") as f:
            f.write(block)
    os.chmod(many, 0o755)
    server = start_ostler(binary, root, work, 1, 'cache_size = "700M"; cache_file_size = "128k"; ')
    try:
        def status():
            out = subprocess.run([binary, "-c", f"{work}/ostler.conf", "-s", "status"], capture_output=True,
                                 text=True).stdout
            return max((int(x) for x in re.findall(r"longest turn (\d+) us", out)), default=-1)

        worker = descendants(server.process.pid)[1]  # the next one is its spawner
        # Nobody takes the processor away from it: a long turn is then one in which it waited.
        priority = ""
        try:
            os.sched_setscheduler(worker, os.SCHED_FIFO, os.sched_param(10))
            priority = ", in real time"
        except (AttributeError, OSError):
            pass
        import http.client
        c = http.client.HTTPConnection("127.0.0.1", server.port)
        for i in range(4200):
            c.request("GET", f"/large/{i}")
            c.getresponse().read()
        with open(f"/proc/{worker}/status") as f:
            size = int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1)) // 1024
        time.sleep(2.5)
        print(f"worker of {size} MB{priority}, while it grew: longest turn of the loop so far {status() / 1000:.2f} ms")
        turns = []
        stop = threading.Event()

        def watch():
            while not stop.wait(1.0):
                turns.append(status())

        t = threading.Thread(target=watch)
        t.start()
        for connections in (1, 16):
            turns.clear()
            rate, cpu, p99 = wrk(server, "/cgi-bin/c.cgi", connections, args.seconds)
            time.sleep(1.5)
            print(f"worker of {size} MB{priority}, {connections} client(s): {rate:,.1f} requests/s, {cpu:.2f} ms CPU, p99 {p99:.1f} ms, "
                  f"longest turn so far {max(turns, default=-1) / 1000:.2f} ms")
        stop.set()
        t.join()
    finally:
        server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ostler", required=True, help="the binary")
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("rows", nargs="*")
    args = parser.parse_args()
    if args.list:
        print(" ".join([r[0] for r in ROWS] + ["floor", "static", "large"]))
        return
    work = tempfile.mkdtemp(prefix="ostler-bench-")
    os.chmod(work, 0o755)
    root = os.path.join(work, "www")
    os.mkdir(root)
    make_scripts(root, work)
    servers = []
    try:
        rows = [r for r in ROWS if not args.rows or r[0] in args.rows]
        print(f"{time.strftime('%Y-%m-%d')}, {bench.machine()}, {WORKERS} workers each, median of {args.rounds} "
              f"runs of {args.seconds} s, wrk with one thread\n")
        if rows:
            servers = [start_ostler(args.ostler, root, work), start_lighttpd(root, work), start_apache(root, work)]
            print("| requests/s / CPU ms a request / p99 ms | ostler | lighttpd | Apache | requests/s vs lighttpd "
                  "| vs Apache | CPU vs lighttpd | vs Apache |\n|---|---|---|---|---|---|---|---|")
            for row in rows:
                print_row(row[3], measure(servers, row, args))
            for s in servers:
                s.stop()
            servers = []
        print()
        if not args.rows or "floor" in args.rows:
            print_floor(root, work, args)
        if not args.rows or "static" in args.rows:
            static_beside_sleepers(args.ostler, root, work, args)
        if not args.rows or "large" in args.rows:
            longest_turn_when_large(args.ostler, root, work, args)
    finally:
        for s in servers:
            s.stop()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
