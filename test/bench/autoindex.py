#!/usr/bin/env python3
"""autoindex.py - listings of ostler, nginx, lighttpd, Apache and h2o side by side.

    python3 test/bench/autoindex.py --ostler build-bench/server/ostler

Server CPU of a listing of 1,000 entries when nothing is known of the folder, when another order
of it is asked for, and when nothing has changed since.  Of a folder of 100,000: time to the first byte and to
the last, the longest and the usual wait of a small file that others ask for meanwhile, and memory.
The servers take turns, the median of the rounds is printed; one that is not installed is left out.
Each has one worker.  The first row is no server: what the kernel takes to name the entries and to
tell size and date of each, which is the least that a listing made afresh can cost.  h2o shows
names only.  Not a test: only the ratios of one run mean something."""

import argparse
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from bench import descendants, free_port

ENTRIES = 1000
LARGE = 100000
VARIANTS = ("afresh", "order")  # of ostler

OSTLER = """server: {{ workers = 1; error_log = "off"; }};
listen = ( {{ address = "127.0.0.1"; port = {port}; }} );
static: {{ root = "{root}"; }};
autoindex: {{ enabled = true; page_size = {page}; {more} }};
"""
NGINX = """daemon off; worker_processes 1; pid {dir}/nginx.pid; error_log /dev/null;
events {{ }}
http {{ access_log off; keepalive_requests 1000000; client_body_temp_path {dir}/b;
proxy_temp_path {dir}/p; fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
server {{ listen 127.0.0.1:{port}; root {root}; autoindex on; }} }}
"""
LIGHTTPD = """server.document-root = "{root}"
server.bind = "127.0.0.1"
server.port = {port}
server.modules = ( "mod_dirlisting" )
server.max-keep-alive-requests = 1000000
dir-listing.activate = "enable"
"""
APACHE = """ServerRoot {dir}
ServerName localhost
PidFile {dir}/apache.pid
Listen 127.0.0.1:{port}
{modules}
StartServers 1
ServerLimit 1
ThreadsPerChild 4
MaxRequestWorkers 4
KeepAlive On
MaxKeepAliveRequests 0
ErrorLog /dev/null
DocumentRoot {root}
<Directory {root}>
Options Indexes
IndexOptions FancyIndexing HTMLTable VersionSort FoldersFirst
Require all granted
</Directory>
"""
H2O = """num-threads: 1
max-connections: 64
hosts:
  default:
    listen: {{ host: 127.0.0.1, port: {port} }}
    paths:
      "/": {{ file.dir: {root}, file.dirlisting: ON }}
"""
FLOOR = r"""
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
int main(int argc, char** argv)
{
    const int rounds = argc > 2 ? atoi(argv[2]) : 1;
    struct timespec t;
    struct stat st;
    for (int i = 0; i < rounds; ++i) {
        DIR* d = opendir(argv[1]);
        for (struct dirent* e; d && (e = readdir(d));)
            fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW);
        if (d) closedir(d);
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    printf("%f\n", (t.tv_sec * 1e3 + t.tv_nsec / 1e6) / rounds);
}
"""
APACHE_MODULES = "/usr/lib/apache2/modules"


def make_tree(root):
    for folder, count in (("thousand", ENTRIES), ("large", LARGE)):
        os.makedirs(os.path.join(root, folder))
        for i in range(count):
            kind = ("txt", "jpg", "tar.gz", "html")[i % 4]
            open(os.path.join(root, folder, "some file %d.%s" % (i, kind)), "w").close()
        os.utime(os.path.join(root, folder), (1e9, 1e9))
    with open(os.path.join(root, "small.txt"), "w") as f:
        f.write("small\n")


def cpu_seconds(pids):
    """Of all their threads: Apache answers in another one than its first."""
    total = 0
    for pid in pids:
        for task in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/schedstat" % (pid, task)) as f:
                total += int(f.read().split()[0])
    return total / 1e9


class Server:
    """One of them, running."""

    def __init__(self, name, command, text, folder, **values):
        self.name = name
        self.port = free_port()
        conf = os.path.join(folder, name.replace(" ", "-") + ".conf")
        with open(conf, "w") as f:
            f.write(text.format(port=self.port, dir=folder, **values))
        self.process = subprocess.Popen([x.replace("CONF", conf) for x in command],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                break
            except OSError:
                time.sleep(0.05)
        self.socket = None

    def get(self, path):
        """Seconds to the first byte and to the last, and the size."""
        if not self.socket:
            self.socket = socket.create_connection(("127.0.0.1", self.port))
            self.file = self.socket.makefile("rb", 1 << 20)
        begin = time.perf_counter()
        self.socket.sendall(b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % path.encode())
        status = self.file.readline()
        first = time.perf_counter() - begin
        assert b" 200 " in status, (self.name, status)
        length, chunked, size = 0, False, 0
        while (line := self.file.readline().strip().lower()):
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
            chunked = chunked or line == b"transfer-encoding: chunked"
        if chunked:
            while (n := int(self.file.readline(), 16)):
                size += len(self.file.read(n + 2)) - 2
            self.file.readline()
        else:
            size = len(self.file.read(length))
        return first, time.perf_counter() - begin, size

    def memory(self):
        """Resident kibibytes of all its processes."""
        total = 0
        for pid in descendants(self.process.pid):
            with open("/proc/%d/status" % pid) as f:
                total += sum(int(x.split()[1]) for x in f if x.startswith("VmRSS"))
        return total

    def cpu_of(self, paths, count):
        """Milliseconds of CPU for one request, and the size of its answer."""
        self.socket = None  # the old connection may have been idle for too long
        self.get(paths[0])
        pids = descendants(self.process.pid)
        before = cpu_seconds(pids)
        for i in range(count):
            size = self.get(paths[i % len(paths)])[2]
        return (cpu_seconds(pids) - before) / count * 1000, size

    def waits_during(self, path, times):
        """Milliseconds that a small file takes while somebody else fetches `path`, sorted."""
        child = os.fork()
        if child == 0:
            self.socket = None
            try:
                for _ in range(times):
                    self.get(path)
            finally:
                os._exit(0)
        other = socket.create_connection(("127.0.0.1", self.port))
        other.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        waits = []
        while os.waitpid(child, os.WNOHANG)[0] == 0:
            begin = time.perf_counter()
            other.sendall(b"GET /small.txt HTTP/1.1\r\nHost: localhost\r\n\r\n")
            got = b""
            while not got.endswith(b"small\n"):
                got += other.recv(65536)
            waits.append((time.perf_counter() - begin) * 1000)
            time.sleep(0.002)
        other.close()
        return sorted(waits)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def start_all(ostler, root, folder):
    """Three of ostler: as it is, without its cache, and with one that has room for what is known of
    the folder but for no page, so that every order is made."""
    servers = [Server(name, [ostler, "-D", "-c", "CONF"], OSTLER, folder, root=root, page=1000,
                      more=more) for name, more in (("ostler", ""), ("afresh", 'cache_size = "0";'),
                                                    ("order", 'cache_size = "700k";'))]
    found = {name: shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
             for name in ("nginx", "lighttpd", "apache2", "h2o")}
    if found["nginx"]:
        servers.append(Server("nginx", [found["nginx"], "-c", "CONF"], NGINX, folder, root=root))
    if found["lighttpd"]:
        servers.append(Server("lighttpd", [found["lighttpd"], "-D", "-f", "CONF"], LIGHTTPD, folder,
                              root=root))
    if found["apache2"] and os.path.isdir(APACHE_MODULES):
        modules = "\n".join("LoadModule %s_module %s/mod_%s.so" % (m, APACHE_MODULES, m)
                            for m in ("mpm_event", "authz_core", "dir", "autoindex"))
        servers.append(Server("Apache", [found["apache2"], "-X", "-f", "CONF"], APACHE, folder,
                              root=root, modules=modules))
    if found["h2o"]:
        servers.append(Server("h2o", [found["h2o"], "-c", "CONF"], H2O, folder, root=root))
    return servers


def kernel_floor(folder, path, rounds):
    """Milliseconds that reading one folder and asking for each entry takes; None without cc."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        return None
    source, program = os.path.join(folder, "floor.c"), os.path.join(folder, "floor")
    with open(source, "w") as f:
        f.write(FLOOR)
    subprocess.run([compiler, "-O2", "-D_GNU_SOURCE", "-o", program, source], check=True)
    return float(subprocess.run([program, path, str(rounds)], stdout=subprocess.PIPE,
                                check=True).stdout)


def measure_thousand(servers, rounds, count):
    """Name: medians of CPU afresh, in another order, unchanged, and the size of the page."""
    path = "/thousand/"
    orders = [path + "?sort=%s&order=%s" % (by, order) for by in ("name", "size", "date")
              for order in ("asc", "desc")]
    by_name = {s.name: s for s in servers}
    results = {}
    for s in servers:
        s.get(path)
    for _ in range(rounds):
        for s in servers:
            if s.name in VARIANTS:
                continue
            own = s.name == "ostler"
            afresh, size = (by_name["afresh"] if own else s).cpu_of([path], count)
            order = by_name["order"].cpu_of(orders, count)[0] if own else afresh
            unchanged = s.cpu_of([path], count)[0]
            results.setdefault(s.name, []).append((afresh, order, unchanged, size))
    return {name: [statistics.median(x) for x in zip(*rows)] for name, rows in results.items()}


def measure_large(server, times):
    """Medians of first and last byte in ms; usual and longest wait of others; memory in KiB before
    and after.  None when the server gives up."""
    path = "/large/"
    server.socket = None
    try:
        server.get(path)
        before = server.memory()
        trips = [server.get(path) for _ in range(times)]
        waits = server.waits_during(path, times)
    except (AssertionError, OSError, ValueError) as error:
        print(server.name, repr(error), file=sys.stderr)
        return None
    return (statistics.median(t[0] for t in trips) * 1000, statistics.median(t[1] for t in trips) * 1000,
            statistics.median(waits), waits[-1], before, server.memory(), trips[-1][2])


def main():
    args = argparse.ArgumentParser(description=__doc__,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--ostler", required=True)
    args.add_argument("--rounds", type=int, default=5)
    args.add_argument("--count", type=int, default=100)
    args.add_argument("--times", type=int, default=10, help="of the large folder")
    args = args.parse_args()
    folder = tempfile.mkdtemp(prefix="bench-autoindex-")
    os.chmod(folder, 0o755)
    root = os.path.join(folder, "www")
    make_tree(root)
    servers = start_all(os.path.abspath(args.ostler), root, folder)
    try:
        floor = kernel_floor(folder, os.path.join(root, "thousand"), args.rounds * args.count)
        thousand = measure_thousand(servers, args.rounds, args.count)
        print("| | 1,000 entries: CPU ms afresh | another order | unchanged | KiB | 100,000: first byte ms | last byte ms "
              "| others wait: median ms | at most | memory MiB before, after |\n" + "|---" * 10 + "|")
        if floor:
            print("| the kernel alone | %.2f | | | | | | | | |" % floor)
        for s in servers:
            if s.name in VARIANTS:
                continue
            print("| %s | %.2f | %.2f | %.3f | %d |" % (s.name, *thousand[s.name][:3],
                                                      thousand[s.name][3] // 1024), end="")
            # What was sent a moment ago would be sent again from memory.
            large = measure_large(servers[1] if s.name == "ostler" else s, args.times)
            if large:
                print(" %.1f | %.0f | %.2f | %.1f | %.1f, %.1f |" % (
                    *large[:4], large[4] / 1024, large[5] / 1024))
            else:
                print(" gives up | | | | |")
    finally:
        for s in servers:
            s.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
