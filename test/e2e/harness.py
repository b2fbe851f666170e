# harness.py - starts the real server for one test, and says no when it misbehaved.
#
# A test file:
#
#     import harness
#
#     class Hello(harness.TestCase):
#         CONFIG = 'static: { root = "@DIR@/www"; };'
#         FILES = {"www/hello.txt": "hello\n"}
#
#         def test_a_file_is_served(self):
#             self.assertEqual(self.server.get("/hello.txt").text, "hello\n")
#
#     if __name__ == "__main__":
#         harness.main()
#
# One server a class, started before its first test on 127.0.0.1 and a free port.  A test that
# wants its own says `with harness.Server(config, files) as server:`.  "@DIR@" is the test's folder.
# The groups `server` and `listen` are added unless the configuration begins a line with them.
#
# When the server ends, the test fails if it left a sanitizer report, ended with another status
# than 0, left a process behind, or logged that a worker died (unless `allow` matches that line).
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import wire_tls  # noqa: E402
from wire import TIMEOUT, Connection, Response, WireError, make_request  # noqa: E402,F401

SOURCE = os.environ.get("OSTLER_SOURCE") or os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BINARY = os.environ.get("OSTLER") or os.path.join(SOURCE, "build", "server", "ostler")
# The same with the modules of test/example and test/echo: see test/echo/echo.cc.
TEST_BINARY = os.environ.get("OSTLER_TEST") or os.path.join(SOURCE, "build", "test", "ostler_test")

LISTEN = re.compile(r"^listen\s*[:=]\s*\((.*?)\)\s*;", re.M | re.S)
LISTENING = re.compile(r"listening on (\S+)")
RELOADED = r"\[info\].*(reloaded|now serves)"
WORKER_DIED = re.compile(r"worker \d+.*(died|killed|signal|silent|status)")
BROKEN = re.compile(r"Sanitizer|runtime error:|broken invariant|Assertion|terminate called")

# With OSTLER_TEST_TLS every listener has TLS, and so has whoever connects: the same tests, over
# HTTPS.  One certificate for all of them, for whatever name.
CERTIFICATE = wire_tls.Certificate() if os.environ.get("OSTLER_TEST_TLS") else None

SERVER_GROUP = "server: { workers = 1; };\n"
LISTEN_GROUP = 'listen = ( { address = "127.0.0.1"; port = 0; } );\n'


def complete_configuration(text, directory):
    """Adds what every test configuration needs and few tests care about."""
    text = text.replace("@DIR@", directory)
    if not re.search(r"^server\s*[:=]", text, re.M):
        text = SERVER_GROUP + text
    if not re.search(r"^listen\s*[:=]", text, re.M):
        text = LISTEN_GROUP + text
    if CERTIFICATE:
        text = CERTIFICATE.group + LISTEN.sub(
            lambda m: m.group(0).replace("{", "{ tls = true;"), text, count=1)
    backend = os.environ.get("OSTLER_EVENT_BACKEND")
    if backend and "event_backend" not in text:
        text = re.sub(r"^server\s*[:=]\s*\{", r'\g<0> event_backend = "%s";' % backend, text,
                      count=1, flags=re.M)
    return text


def connect(address, **options):
    """A wire.Connection; over TLS when all tests are."""
    if CERTIFICATE:
        options.setdefault("tls", CERTIFICATE.context)
    return Connection(address, **options)


class Log:
    """What the server writes to stderr, read as it comes."""

    def __init__(self, pipe):
        self._changed = threading.Condition()
        self._lines = []
        self._ended = False
        self._thread = threading.Thread(target=self._read, args=(pipe,), daemon=True)
        self._thread.start()

    def _read(self, pipe):
        with pipe:
            for line in pipe:
                with self._changed:
                    self._lines.append(line.decode("utf-8", "replace").rstrip("\n"))
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def lines(self):
        with self._changed:
            return list(self._lines)

    def text(self):
        return "\n".join(self.lines())

    def matching(self, pattern):
        return [line for line in self.lines() if re.search(pattern, line)]

    def wait_for(self, pattern, count=1, timeout=TIMEOUT):
        """The `count`th line that matches; fails when the server ends or time is up before."""
        with self._changed:
            def found():
                return [x for x in self._lines if re.search(pattern, x)]
            self._changed.wait_for(lambda: len(found()) >= count or self._ended, timeout)
            if len(found()) < count:
                raise AssertionError("%s without %r in the log:\n%s" % (
                    "the server ended" if self._ended else "%d s" % timeout, pattern,
                    "\n".join(self._lines)))
            return found()[count - 1]

    def wait_end(self, timeout):
        """True once every process that had the pipe is gone."""
        with self._changed:
            return self._changed.wait_for(lambda: self._ended, timeout)


class Server:
    """The real binary in a folder of its own, running from construction to stop()."""

    def __init__(self, config="", files=None, args=(), env=None, allow=None, binary=None):
        self.dir = os.path.realpath(tempfile.mkdtemp(prefix="ostler-test-"))
        os.chmod(self.dir, 0o755)  # workers may run as somebody else
        self.allow = allow
        self.stopped = False
        for name, content in (files or {}).items():
            self.write(name, content)
        self.write("ostler.conf", complete_configuration(config, self.dir))
        self.reports = os.path.join(self.dir, "reports")
        os.mkdir(self.reports)
        os.chmod(self.reports, 0o1777)
        self.process = subprocess.Popen(
            [binary or BINARY, "-D", "-c", self.path("ostler.conf"), *args],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env=self._environment(env), cwd=self.dir, start_new_session=True)
        self.log = Log(self.process.stderr)
        try:
            self.addresses = self._learn_addresses()
        except BaseException:
            self.destroy()
            raise

    def _environment(self, extra):
        """The options of the sanitizers are added up; everything else of `extra` replaces."""
        env = dict(os.environ, **(extra or {}))
        for name, options in (("ASAN", "detect_stack_use_after_return=1"),
                              ("UBSAN", "print_stacktrace=1:halt_on_error=1")):
            variable = name + "_OPTIONS"
            env[variable] = ":".join((
                "log_path=%s/%s" % (self.reports, name.lower()), options,
                os.environ.get(variable, ""), (extra or {}).get(variable, "")))
        return env

    def _learn_addresses(self):
        """One (host, port) or socket path for every entry of `listen`, in its order."""
        with open(self.path("ostler.conf"), encoding="utf-8") as conf:
            text = conf.read()
        wanted = LISTEN.search(text).group(1).count("{")
        self.log.wait_for(LISTENING, wanted)
        addresses = []
        for line in self.log.matching(LISTENING)[:wanted]:
            name = LISTENING.search(line).group(1)
            if name.startswith("unix:"):
                addresses.append(name[len("unix:"):])
                continue
            host, _, port = name.rpartition(":")
            host = {"*": "127.0.0.1"}.get(host, host.strip("[]"))
            addresses.append((host, int(port)))
        return addresses

    # --- files and addresses -------------------------------------------------------

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, content=b""):
        """Replaces or makes a file; str is written as UTF-8, folders are made."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(content.encode() if isinstance(content, str) else content)
        return path

    @property
    def address(self):
        return self.addresses[0]

    @property
    def port(self):
        return self.address[1]

    @property
    def url(self):
        return "%s://127.0.0.1:%d" % ("https" if CERTIFICATE else "http", self.port)

    # --- requests ------------------------------------------------------------------

    def connect(self, index=0, **options):
        return connect(self.addresses[index], **options)

    def request(self, method, target="/", fields=(), body=None, host="localhost"):
        """One request on a connection of its own, which the server must close afterwards."""
        pairs = list(fields.items() if isinstance(fields, dict) else fields)
        with self.connect() as c:
            response = c.exchange(method, target, pairs + [("Connection", "close")], body, host)
            c.expect_close()
            return response

    def get(self, target="/", fields=(), host="localhost"):
        return self.request("GET", target, fields, host=host)

    def head(self, target="/", fields=(), host="localhost"):
        return self.request("HEAD", target, fields, host=host)

    def raw(self, data):
        """Sends bytes, half-closes and returns everything that comes back."""
        with self.connect() as c:
            return c.send(data).finish_sending().read_to_end()

    # --- processes -----------------------------------------------------------------

    @property
    def pid(self):
        return self.process.pid

    def kill(self, number):
        self.process.send_signal(number)

    def workers(self):
        """Process ids of the master's children that are alive."""
        found = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,stat="], stdout=subprocess.PIPE,
                               check=True, universal_newlines=True).stdout
        rows = [line.split() for line in found.splitlines()]
        return sorted(int(r[0]) for r in rows if int(r[1]) == self.pid and r[2][0] != "Z")

    def is_sanitized(self):
        """True under AddressSanitizer, which keeps freed memory in a quarantine for a while."""
        with open("/proc/%d/maps" % self.pid, encoding="utf-8") as maps:  # workers come later
            return "asan" in maps.read()

    def reload(self, config=None):
        """HUP, and returns when the new workers serve."""
        if config is not None:
            self.write("ostler.conf", complete_configuration(config, self.dir))
        before = len(self.log.matching(RELOADED))
        self.kill(signal.SIGHUP)
        self.log.wait_for(RELOADED, before + 1)

    def stop(self, number=signal.SIGTERM, status=0, timeout=60):
        """Ends the server, checks how it ended and removes its folder; only once."""
        if self.stopped:
            return
        try:
            self.end(number, status, timeout)
        finally:
            self.destroy()

    def end(self, number=signal.SIGTERM, status=0, timeout=60):
        """The same, but its files can still be read."""
        if self.process.poll() is None:
            self.kill(number)
        self.check_end(status, timeout)

    def check_end(self, status=0, timeout=60):
        """Waits for the end; every complaint there is comes in one failure."""
        wrong = []
        try:
            code = self.process.wait(timeout)
            if code != status:
                wrong.append("exit status %s, not %s" % (code, status))
        except subprocess.TimeoutExpired:
            wrong.append("still running %d s after it was told to stop" % timeout)
        if not wrong and not self.log.wait_end(timeout):
            wrong.append("the master is gone, but a process of its own is left")
        for line in self.log.lines():
            if BROKEN.search(line) or (WORKER_DIED.search(line) and not (
                    self.allow and re.search(self.allow, line))):
                wrong.append("in the log: " + line)
        for name in sorted(os.listdir(self.reports)):
            with open(os.path.join(self.reports, name), errors="replace") as report:
                wrong.append("sanitizer report:\n" + report.read()[:6000])
        if wrong:
            raise AssertionError("\n".join(wrong) + "\n--- the log:\n" + self.log.text()[-8000:])

    def destroy(self):
        """Ends it whatever it does, and removes the folder.  Keeps it with OSTLER_KEEP set."""
        self.stopped = True
        try:
            os.killpg(self.process.pid, signal.SIGKILL)  # its own session: nobody else's
        except (ProcessLookupError, PermissionError):
            pass
        self.process.wait()
        self.log.wait_end(5)
        if os.environ.get("OSTLER_KEEP"):
            print("kept: " + self.dir, file=sys.stderr)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.stop()
        else:
            print("--- the log:\n" + self.log.text()[-8000:], file=sys.stderr)
            self.destroy()


class TestCase(unittest.TestCase):
    """Runs one server for all tests of the class; self.server is it."""

    CONFIG = 'static: { root = "@DIR@/www"; };\n'
    FILES = {"www/index.html": "<!doctype html><title>x</title>\n"}
    BINARY = None   # TEST_BINARY for a test that wants the echo module
    ALLOW = None    # pattern of log lines that would otherwise fail the test
    server = None
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.server = Server(cls.CONFIG, cls.FILES, allow=cls.ALLOW, binary=cls.BINARY)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def run(self, result=None):
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if self.server and len(result.failures) + len(result.errors) > before:
            print("--- the log so far:\n" + self.server.log.text()[-4000:], file=sys.stderr)


def run_ostler(*args, timeout=TIMEOUT, **options):
    """Runs the binary to its end; the result has returncode, stdout and stderr as text."""
    return subprocess.run([BINARY, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, universal_newlines=True, timeout=timeout,
                          check=False, **options)


def make_folder(test):
    """A folder that is gone when `test` is over."""
    folder = os.path.realpath(tempfile.mkdtemp(prefix="ostler-test-"))
    test.addCleanup(shutil.rmtree, folder, ignore_errors=True)
    return folder


def in_background(function, *args):
    """A thread that calls it; join() when its end matters."""
    thread = threading.Thread(target=function, args=args, daemon=True)
    thread.start()
    return thread


def wait_until(condition, what, timeout=TIMEOUT, pause=0.01):
    """Asks again until `condition()` is true; for facts no log line tells."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("waited %d s in vain: %s" % (timeout, what))
        time.sleep(pause)


def main():
    unittest.main(verbosity=2)
