# test_logs.py - access and error logs of the real server: formats, targets, rotation, losses.
import errno
import json
import os
import re
import signal
import shutil
import subprocess
import tempfile
import time
import unittest

import harness

PAGE = {"www/index.html": "<!doctype html><title>x</title>\n", "www/a.txt": "0123456789"}
STATIC = 'static: { root = "@DIR@/www"; };\n'

# What goaccess --log-format=COMBINED and fail2ban expect of a line.
COMBINED = re.compile(
    r'(?P<client>[0-9a-f.:]+) - - \[(?P<time>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] '
    r'"(?P<request>[^"\\]*(?:\\x[0-9a-f]{2}[^"\\]*)*)" (?P<status>\d{3}) (?P<bytes>\d+|-) '
    r'"(?P<referer>[^"]*)" "(?P<agent>[^"]*)"\Z')
ERROR_LINE = re.compile(r'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \[(error|warn|info|debug)\] \d+'
                        r'( client \S+)?( req \S+)?( host "[^"]*")?: .*\Z')


def lines_of(path):
    """The lines of a log; fails when the last one is cut."""
    if not os.path.exists(path):
        return []
    with open(path, "rb") as log:
        data = log.read()
    if data and not data.endswith(b"\n"):
        raise AssertionError("the last line is cut: %r" % data[-200:])
    return data.decode("utf-8").splitlines()


class LogCase(harness.TestCase):
    FILES = PAGE

    def wait_lines(self, name, count):
        """The lines of a file once there are `count`: the server writes them once a second."""
        path = self.server.path(name)
        harness.wait_until(lambda: len(lines_of(path)) >= count, "%d lines in %s" % (count, name))
        return lines_of(path)


class Combined(LogCase):
    CONFIG = STATIC + 'accesslog: { file = "@DIR@/access.log"; };\n'

    def test_every_request_has_one_line_that_log_analysers_read(self):
        before = len(lines_of(self.server.path("access.log")))
        self.server.get("/a.txt?q=1", {"Referer": "http://localhost/", "User-Agent": "test/1"})
        self.server.head("/a.txt")
        self.server.get("/missing")
        self.server.raw("GET  /bad HTTP/1.1\r\nHost: x\r\n\r\n")
        self.server.get("/a.txt", {"User-Agent": 'a" 200 0 "\\\xfc', "Range": "bytes=0-3"})
        self.server.get("/a%20b%22")
        lines = self.wait_lines("access.log", before + 6)[before:]
        self.assertEqual(len(lines), 6)
        found = [COMBINED.match(line) for line in lines]
        self.assertNotIn(None, found, lines)
        self.assertEqual(
            [(m["request"], m["status"], m["bytes"]) for m in found[:3]],
            [("GET /a.txt?q=1 HTTP/1.1", "200", "10"), ("HEAD /a.txt HTTP/1.1", "200", "-"),
             ("GET /missing HTTP/1.1", "404", found[2]["bytes"])])
        self.assertGreater(int(found[2]["bytes"]), 0)
        self.assertEqual((found[3]["request"], found[3]["status"]), ("-", "400"))
        self.assertEqual((found[0]["referer"], found[0]["agent"]), ("http://localhost/", "test/1"))
        self.assertEqual(found[4]["agent"], r'a\x22 200 0 \x22\x5c\xfc')
        self.assertEqual((found[4]["status"], found[4]["bytes"]), ("206", "4"))
        self.assertEqual(found[5]["request"], "GET /a%20b%22 HTTP/1.1")
        self.assertEqual({m["client"] for m in found}, {"127.0.0.1"})
        logged = time.strptime(found[0]["time"][:20], "%d/%b/%Y:%H:%M:%S")
        self.assertLess(abs(time.mktime(logged) - time.time()), 120)

    def test_the_file_is_not_for_the_world_to_read(self):
        self.assertEqual(os.stat(self.server.path("access.log")).st_mode & 0o007, 0)


class Scopes(LogCase):
    CONFIG = STATIC + r'''
accesslog: { file = "@DIR@/all.log"; format = "%v %m %U%q %>s %X"; skip = [ "/health", "304" ]; };
hosts = (
  { names = [ "json.example" ]; accesslog: { file = "logs/json.log"; format = "json"; }; },
  { names = [ "quiet.example" ]; accesslog: { file = "off"; };
    locations = ( { path = "/loud/"; accesslog: { file = "@DIR@/all.log"; }; } ); }
);
'''
    FILES = dict(PAGE, **{"logs/README": "a relative path starts at the configuration\n"})

    def test_hosts_and_locations_have_logs_and_formats_of_their_own(self):
        get = self.server.get
        get("/a.txt?x", host="other.example")
        get("/health/check")
        etag = get("/a.txt", host="quiet.example")["ETag"]
        self.assertEqual(get("/a.txt", {"If-None-Match": etag}).status, 304)
        get("/loud/x", host="quiet.example")
        get("/a.txt?y=\"<", {"User-Agent": 'q"\\\xfc\xff'}, host="json.example")
        with self.server.connect() as c:
            c.exchange("GET", "/a.txt", host="other.example")
        got = self.wait_lines("all.log", 3)
        self.assertEqual(got, ["other.example GET /a.txt?x 200 -", "quiet.example GET /loud/x 404 -",
                               "other.example GET /a.txt 200 +"])
        record = json.loads(self.wait_lines("logs/json.log", 1)[0])
        self.assertRegex(record.pop("time"),
                         r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d\Z")
        self.assertGreater(record.pop("duration_us"), 0)
        self.assertTrue(record.pop("request_id"))
        self.assertEqual(record, {
            "client": "127.0.0.1", "method": "GET", "host": "json.example",
            "target": '/a.txt?y="<', "protocol": "HTTP/1.1", "status": 200, "bytes": 10,
            "referer": None, "user_agent": 'q"\\\\xfc\\xff', "complete": True})


class Many(LogCase):
    """Two workers, one file."""
    CONFIG = ('server: { workers = 2; };\n' + STATIC +
              'accesslog: { file = "@DIR@/access.log"; format = "%U%q %>s"; };\n')

    def ask(self, first, count):
        """Requests with numbers, on a few connections at once."""
        connections = [self.server.connect() for _ in range(8)]
        for number in range(first, first + count):
            c = connections[number % len(connections)]
            self.assertEqual(c.exchange("GET", "/a.txt?%d" % number).status, 200)
        for c in connections:
            c.close()

    def test_rotation_loses_no_line_and_cuts_none(self):
        names = ["access.log"]
        for turn in range(3):
            self.ask(turn * 200, 100)
            names.append("access.log.%d" % turn)
            os.rename(self.server.path("access.log"), self.server.path(names[-1]))
            self.server.kill(signal.SIGUSR1)
            self.ask(turn * 200 + 100, 100)
            harness.wait_until(lambda: os.path.exists(self.server.path("access.log")), "a new file")

        def all_lines():
            return sum((lines_of(self.server.path(name)) for name in names), [])
        harness.wait_until(lambda: len(all_lines()) >= 600, "600 lines")
        self.assertEqual(sorted(all_lines()),
                         sorted("/a.txt?%d 200" % number for number in range(600)))
        self.ask(1000, 16)
        self.wait_lines("access.log", 16)


class Ending(unittest.TestCase):
    def test_what_is_buffered_when_the_server_ends_is_written(self):
        config = STATIC + 'accesslog: { file = "@DIR@/access.log"; format = "%U"; };\n'
        with harness.Server(config, PAGE) as server:
            for _ in range(10):
                server.get("/a.txt")
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(30)
            self.assertEqual(lines_of(server.path("access.log")), ["/a.txt"] * 10)


class Losses(unittest.TestCase):
    """What cannot be written is lost, counted and reported; no request is."""

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full here")
    def test_a_full_disk(self):
        config = STATIC + 'accesslog: { file = "/dev/full"; };\n'
        with harness.Server(config, PAGE) as server:
            for _ in range(20):
                self.assertEqual(server.get("/a.txt").status, 200)
            server.log.wait_for(
                r"\[error\] \d+: log: /dev/full: no space left on device: \d+ lines? lost")
            self.assertEqual(server.get("/a.txt").status, 200)

    def test_a_limit_on_the_size_of_files(self):
        folder = tempfile.mkdtemp(prefix="ostler-test-")
        self.addCleanup(shutil.rmtree, folder)
        limited = os.path.join(folder, "limited")
        with open(limited, "w", encoding="utf-8") as script:
            script.write('#!/bin/sh\nulimit -f 8\nexec "%s" "$@"\n' % harness.BINARY)
        os.chmod(limited, 0o755)
        config = STATIC + 'accesslog: { file = "@DIR@/access.log"; };\n'
        with harness.Server(config, PAGE, binary=limited) as server:
            with server.connect() as c:
                for _ in range(200):
                    self.assertEqual(c.exchange("GET", "/a.txt").status, 200)
            server.log.wait_for(r"access\.log: file too large: \d+ lines lost")
            self.assertEqual(server.get("/a.txt").status, 200)

    def test_a_reader_that_stands_still(self):
        config = STATIC + 'accesslog: { file = "@DIR@/fifo"; format = "%U %{X-Long}i"; };\n'
        with harness.Server(config.replace("fifo", "not-yet"), PAGE) as server:
            os.mkfifo(server.path("fifo"))
            reader = os.open(server.path("fifo"), os.O_RDONLY | os.O_NONBLOCK)
            self.addCleanup(os.close, reader)
            server.reload(config)
            with server.connect() as c:
                for _ in range(200):
                    response = c.exchange("GET", "/a.txt", {"X-Long": "x" * 4000})
                    self.assertEqual(response.status, 200)
            line = server.log.wait_for(r"fifo: the reader is too slow: \d+ lines? lost")
            self.assertRegex(line, ERROR_LINE)
            text = b""
            while True:  # now it reads again: what it gets is whole
                try:
                    piece = os.read(reader, 1 << 20)
                except OSError as e:
                    self.assertEqual(e.errno, errno.EAGAIN)
                    break
                if not piece:
                    break
                text += piece
            lines = text.split(b"\n")
            self.assertEqual(set(lines[:-1]), {b"/a.txt " + b"x" * 4000})
            self.assertEqual(server.get("/a.txt").status, 200)


class ErrorLog(LogCase):
    CONFIG = STATIC

    def test_every_line_on_stderr_has_the_form_of_a_record(self):
        self.server.get("/")
        lines = self.server.log.lines()
        self.assertGreater(len(lines), 0)
        for line in lines:
            self.assertRegex(line, ERROR_LINE)


class Background(unittest.TestCase):
    """Without -D and a terminal the server leaves who started it alone."""

    def start(self, settings):
        folder = tempfile.mkdtemp(prefix="ostler-test-")
        self.addCleanup(shutil.rmtree, folder)
        path = os.path.join(folder, "ostler.conf")
        with open(path, "w", encoding="utf-8") as conf:
            conf.write(harness.complete_configuration(settings, folder))
        env = {k: v for k, v in os.environ.items() if k not in ("NOTIFY_SOCKET", "INVOCATION_ID")}
        return folder, harness.run_ostler("-c", path, env=env, start_new_session=True)

    def test_it_keeps_no_pipe_open_and_says_where_it_logs(self):
        # run_ostler() returns when nobody has the pipes any more.
        folder, result = self.start(
            'server: { workers = 1; error_log = "@DIR@/e.log"; pid_file = "@DIR@/pid"; };\n'
            'accesslog: { file = "@DIR@/a.log"; };\n')
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        with open(os.path.join(folder, "pid"), encoding="utf-8") as pid_file:
            pid = int(pid_file.read())
        os.kill(pid, signal.SIGTERM)
        error_log = os.path.join(folder, "e.log")
        harness.wait_until(lambda: "server: stopped" in "".join(lines_of(error_log)), "the end")
        for line in lines_of(error_log):
            self.assertRegex(line, ERROR_LINE)

    def test_a_log_that_cannot_be_opened_is_named_to_who_started_it(self):
        folder, result = self.start(
            'server: { workers = 1; error_log = "@DIR@/e.log"; };\n'
            'accesslog: { file = "@DIR@/no/a.log"; };\n')
        self.assertEqual(result.returncode, 1)
        self.assertIn("accesslog: %s/no/a.log: no such file or directory" % folder, result.stderr)


class Refused(unittest.TestCase):
    """Mistakes are found before anything starts."""

    def check(self, settings):
        folder = tempfile.mkdtemp(prefix="ostler-test-")
        self.addCleanup(shutil.rmtree, folder)
        path = os.path.join(folder, "ostler.conf")
        with open(path, "w", encoding="utf-8") as conf:
            conf.write(harness.complete_configuration(settings, folder))
        return harness.run_ostler("-t", "-c", path)

    def test_a_wrong_format_is_an_error_with_the_column(self):
        result = self.check('accesslog: { file = "stdout"; format = "%h %z"; };\n')
        self.assertEqual(result.returncode, 78)
        self.assertIn("column 4 of the format: unknown directive %z", result.stdout + result.stderr)

    def test_a_wrong_facility_is_an_error(self):
        for settings in ('accesslog: { file = "syslog:nobody"; };\n',
                         'server: { error_log = "syslog:nobody"; };\n'):
            result = self.check(settings)
            self.assertEqual(result.returncode, 78)
            self.assertIn('unknown syslog facility "nobody"', result.stdout + result.stderr)


class Serve(unittest.TestCase):
    """`ostler serve` shows each request at a terminal, in colour, at once."""

    def test_a_coloured_line_per_request(self):
        import pty
        master, terminal = pty.openpty()
        folder = tempfile.mkdtemp(prefix="ostler-test-")
        self.addCleanup(shutil.rmtree, folder, True)
        with open(os.path.join(folder, "a.txt"), "w", encoding="utf-8") as out:
            out.write("x")
        env = dict(os.environ, TERM="xterm")
        env.pop("NO_COLOR", None)
        process = subprocess.Popen([harness.BINARY, "serve", folder, "-p", "0"],
                                   stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal,
                                   env=env, start_new_session=True)
        os.close(terminal)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        seen = ""

        def read_until(pattern):
            nonlocal seen
            while not re.search(pattern, seen):
                try:
                    seen += os.read(master, 4096).decode()
                except OSError:
                    self.fail("the terminal was closed after: " + seen)
            return re.search(pattern, seen)
        port = int(read_until(r"http://[a-z0-9.]+:(\d+)/").group(1))
        with harness.Connection(("127.0.0.1", port)) as c:
            c.exchange("GET", "/a.txt")
            c.exchange("GET", "/missing")
        read_until(r"GET  /a\.txt \x1b\[32m200\x1b\[0m 1 B \d+\.\d ms")
        read_until(r"GET  /missing \x1b\[33m404")
        process.terminate()
        self.assertEqual(process.wait(30), 0)
        os.close(master)


if __name__ == "__main__":
    harness.main()
