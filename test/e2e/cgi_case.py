# cgi_case.py - what the tests of scripts share: a folder of scripts, and how to look at what is
# left of them.
import os
import subprocess
import sys

import harness

PYTHON = sys.executable
SH = "#!/bin/sh\n"
PY = "#!%s\nimport os, sys, time\n" % PYTHON


def put_script(server, name, text, mode=0o755):
    """Writes cgi-bin/NAME (or another path with a '/') and makes it executable."""
    path = server.write(name if "/" in name else "cgi-bin/" + name, text)
    os.chmod(path, mode)
    return path


def processes_with(mark):
    """Ids of living processes that have `mark` in their environment or arguments."""
    found = []
    for name in os.listdir("/proc") if os.path.isdir("/proc/self") else []:
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open("/proc/%s/environ" % name, "rb") as f:
                environ = f.read()
            with open("/proc/%s/stat" % name) as f:
                state = f.read().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if mark.encode() in environ and state != "Z":
            found.append(int(name))
    return found


def family_of(pid):
    """(id, state) of `pid` and everything that descends from it: a worker, its spawner, scripts."""
    rows = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,stat="], stdout=subprocess.PIPE,
                          universal_newlines=True, check=True).stdout.splitlines()
    processes = {int(r.split()[0]): (int(r.split()[1]), r.split()[2]) for r in rows}
    family = {pid}
    while True:
        more = {p for p, (parent, _) in processes.items() if parent in family} - family
        if not more:
            return [(p, processes[p][1]) for p in sorted(family) if p in processes]
        family |= more


def zombies_of(pid):
    """Ids of dead descendants of `pid` that nobody took."""
    return [p for p, state in family_of(pid) if state[0] == "Z"]


class CgiCase(harness.TestCase):
    """SCRIPTS are written to cgi-bin/ and run from /cgi-bin/; CGI are more settings of theirs."""

    CGI = ""
    SCRIPTS = {}
    MORE = ""
    HTTP = ""
    WORKERS = 1

    @classmethod
    def setUpClass(cls):
        cls.CONFIG = """
modules: { cgi = true; static = true; };
server: { workers = %d; log_level = "debug"; };
http: { %s };
static: { root = "@DIR@/www"; };
locations = ( { path = "/cgi-bin/"; cgi: {
    root = "@DIR@/cgi-bin"; environment: { OSTLER_TEST = "@DIR@"; }; %s }; } %s );
""" % (cls.WORKERS, cls.HTTP, cls.CGI, cls.MORE)
        cls.FILES = dict(cls.FILES)
        cls.FILES.setdefault("cgi-bin/.keep", "")
        super().setUpClass()
        for name, text in cls.SCRIPTS.items():
            put_script(cls.server, name, text)

    def run_script(self, text, target="x.cgi", name=None, **request):
        """One request to a script made for it."""
        put_script(self.server, name or target.split("?")[0].split("/")[0], text)
        method = request.pop("method", "GET")
        return self.server.request(method, "/cgi-bin/" + target, **request)

    def alive(self):
        """Processes of scripts of this server."""
        return processes_with("OSTLER_TEST=" + self.server.dir)

    def wait_nothing_is_left(self, timeout=6):
        harness.wait_until(lambda: not self.alive(), "scripts are still alive", timeout)
