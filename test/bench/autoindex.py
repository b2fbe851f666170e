#!/usr/bin/env python3
"""autoindex.py - listings of ostler, nginx, lighttpd and Apache side by side: server CPU of one
listing of 1,000 entries; for a large folder the time to the first byte, to the last, and memory.

    python3 test/bench/autoindex.py --ostler build-bench/server/ostler

The servers take turns, the median of the rounds is printed; a server that is not installed is
left out.  Each has one worker.  Not a test: only the ratios of one run mean something."""

import argparse
import os
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time

from bench import descendants, free_port

ENTRIES = 1000
LARGE = 100000

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
APACHE_MODULES = "/usr/lib/apache2/modules"


def make_tree(root):
    for folder, count in (("thousand", ENTRIES), ("large", LARGE)):
        os.makedirs(os.path.join(root, folder))
        for i in range(count):
            kind = ("txt", "jpg", "tar.gz", "html")[i % 4]
            open(os.path.join(root, folder, "some file %d.%s" % (i, kind)), "w").close()
        os.utime(os.path.join(root, folder), (1e9, 1e9))


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

    def cpu_of(self, path, count):
        """Milliseconds of CPU for one request."""
        pids = descendants(self.process.pid)
        before = cpu_seconds(pids)
        for _ in range(count):
            size = self.get(path)[2]
        return (cpu_seconds(pids) - before) / count * 1000, size

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def start_all(ostler, root, folder):
    servers = []
    for name, more in (("ostler", ""), ("ostler uncached", 'cache_size = "0";')):
        servers.append(Server(name, [ostler, "-D", "-c", "CONF"], OSTLER, folder, root=root,
                              page=1000, more=more))
    found = {name: shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
             for name in ("nginx", "lighttpd", "apache2")}
    if found["nginx"]:
        servers.append(Server("nginx", [found["nginx"], "-c", "CONF"], NGINX, folder, root=root))
    if found["lighttpd"]:
        servers.append(Server("lighttpd", [found["lighttpd"], "-D", "-f", "CONF"], LIGHTTPD, folder,
                              root=root))
    if found["apache2"] and os.path.isdir(APACHE_MODULES):
        modules = "\n".join("LoadModule %s_module %s/mod_%s.so" % (m, APACHE_MODULES, m)
                            for m in ("mpm_event", "authz_core", "dir", "autoindex"))
        servers.append(Server("apache", [found["apache2"], "-X", "-f", "CONF"], APACHE, folder,
                              root=root, modules=modules))
    return servers


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--ostler", required=True)
    args.add_argument("--rounds", type=int, default=5)
    args.add_argument("--count", type=int, default=100)
    args = args.parse_args()
    folder = tempfile.mkdtemp(prefix="bench-autoindex-")
    os.chmod(folder, 0o755)
    root = os.path.join(folder, "www")
    make_tree(root)
    servers = start_all(os.path.abspath(args.ostler), root, folder)
    try:
        cpu = {s.name: [] for s in servers}
        size = {}
        for s in servers:
            s.get("/thousand/")
        for _ in range(args.rounds):
            for s in servers:
                ms, size[s.name] = s.cpu_of("/thousand/", args.count)
                cpu[s.name].append(ms)
        print("%-16s %9s %8s   %9s %9s %7s %9s %9s" % (
            "", "CPU ms", "size", "first ms", "last ms", "size", "RSS KiB", "after 10"))
        for s in servers:
            try:
                first, last, bytes_ = s.get("/large/")
                before = s.memory()
                for _ in range(10):
                    s.get("/large/")
            except AssertionError:
                print("%-16s %9.3f %8d   gives up on the large folder" % (
                    s.name, statistics.median(cpu[s.name]), size[s.name]))
                continue
            print("%-16s %9.3f %8d   %9.1f %9.1f %7d %9d %9d" % (
                s.name, statistics.median(cpu[s.name]), size[s.name], first * 1000, last * 1000,
                bytes_, before, s.memory()))
    finally:
        for s in servers:
            s.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
