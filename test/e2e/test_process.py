# test_process.py - master and workers: who dies, who replaces, how it ends, who may be started.
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import harness
from harness import TIMEOUT, Server, WireError, make_request, run_ostler, wait_until

BIG = 8 << 20
FILES = {"www/hello.txt": "hello\n", "www/big.bin": os.urandom(1 << 16) * (BIG >> 16)}
STATIC = 'static: { root = "@DIR@/www"; };\n'


def server(settings="workers = 2;", more="", **options):
    s = Server("server: { %s };\n" % settings + STATIC + more, FILES, **options)
    s.log.wait_for("server: ready")
    return s


def is_free(address):
    """True when nobody listens there."""
    with socket.socket() as s:
        s.settimeout(TIMEOUT)
        return s.connect_ex(address) != 0


def is_gone(pid):
    try:
        os.kill(pid, 0)
        return False
    except ProcessLookupError:
        return True


def wait_workers(s, count, without=()):
    wait_until(lambda: len(s.workers()) == count and not set(without) & set(s.workers()),
               "%d workers" % count)
    return s.workers()


class Download:
    """A client in the middle of a large answer: the worker has to wait for it."""

    def __init__(self, s):
        self.connection = s.connect(receive_buffer=4096)
        self.connection.send(make_request("GET", "/big.bin"))
        _, _, fields = self.connection.read_head()
        self.length = int(dict(fields)["Content-Length"])

    def is_whole(self):
        with self.connection as c:
            try:
                return c.read_exactly(self.length) == FILES["www/big.bin"]
            except (WireError, OSError):
                return False


class Deaths(unittest.TestCase):
    def test_a_killed_worker_is_replaced(self):
        with server(allow="SIGKILL") as s:
            before = wait_workers(s, 2)
            os.kill(before[0], signal.SIGKILL)
            after = wait_workers(s, 2, without=before[:1])
            self.assertIn(before[1], after)
            self.assertEqual(s.get("/hello.txt").text, "hello\n")
            s.log.wait_for(r"\[error\].*worker \d+ \(pid %d\) died: killed by SIGKILL" % before[0])

    def test_the_only_worker_is_replaced_and_the_waiting_client_is_answered(self):
        with server("workers = 1;", allow="SIGKILL") as s:
            worker = wait_workers(s, 1)[0]
            os.kill(worker, signal.SIGSTOP)  # what comes now waits in the queue of the socket
            with s.connect() as c:
                c.send(b"GET /hello.txt HTTP/1.1\r\nHost: localhost\r\n\r\n")
                os.kill(worker, signal.SIGKILL)
                self.assertEqual(c.read_response().text, "hello\n")

    def test_workers_killed_again_and_again_are_replaced_every_time(self):
        with server("workers = 1;", allow="SIGKILL") as s:
            for _ in range(5):
                worker = wait_workers(s, 1)[0]
                os.kill(worker, signal.SIGKILL)
                wait_workers(s, 1, without=[worker])
            self.assertEqual(s.get("/hello.txt").status, 200)

    def test_a_hung_worker_is_replaced(self):
        with server('workers = 1; worker_timeout = "3s";', allow="silent|SIG") as s:
            worker = wait_workers(s, 1)[0]
            os.kill(worker, signal.SIGSTOP)
            s.log.wait_for(r"\[error\].*\(pid %d\) was silent for 3 s" % worker)
            wait_workers(s, 1, without=[worker])
            self.assertEqual(s.get("/hello.txt").text, "hello\n")

    def test_a_master_that_slept_does_not_take_its_workers_for_hung(self):
        with server('workers = 1; worker_timeout = "3s";') as s:
            before = wait_workers(s, 1)
            s.kill(signal.SIGSTOP)
            time.sleep(4)  # longer than worker_timeout: the one fact here that takes time
            self.assertEqual(s.get("/hello.txt").status, 200)
            s.kill(signal.SIGCONT)
            s.kill(signal.SIGUSR1)
            s.log.wait_for("logs reopened")
            self.assertEqual(s.workers(), before)

    def test_the_death_of_the_master_ends_the_workers_and_frees_the_port(self):
        s = server()
        try:
            workers = wait_workers(s, 2)
            s.kill(signal.SIGKILL)
            s.process.wait(TIMEOUT)
            wait_until(lambda: all(is_gone(w) for w in workers), "the end of the workers")
            self.assertTrue(is_free(s.address))
        finally:
            s.destroy()

    def test_a_ctrl_c_for_the_whole_group_is_the_masters_business(self):
        with server() as s:
            workers = wait_workers(s, 2)
            for w in workers:
                for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
                    os.kill(w, number)
            self.assertEqual(s.get("/hello.txt").status, 200)
            self.assertEqual(s.workers(), workers)
            os.killpg(s.pid, signal.SIGINT)
            s.check_end()


class Stopping(unittest.TestCase):
    def test_term_finishes_the_answer_under_way(self):
        s = server()
        download = Download(s)
        s.kill(signal.SIGTERM)
        s.log.wait_for("stopping")
        wait_until(lambda: is_free(s.address), "a closed port")
        self.assertTrue(download.is_whole())
        s.stop()

    def test_term_closes_idle_connections_at_once(self):
        s = server()
        with s.connect() as c:
            self.assertEqual(c.exchange("GET", "/hello.txt").status, 200)
            s.kill(signal.SIGTERM)
            c.expect_close()
        s.stop()

    def test_term_waits_for_stop_timeout_only(self):
        s = server('workers = 1; stop_timeout = "50ms";', allow="did not finish")
        download = Download(s)
        s.kill(signal.SIGTERM)
        s.check_end()
        self.assertFalse(download.is_whole())
        s.destroy()

    def test_quit_waits_for_as_long_as_it_takes(self):
        s = server('workers = 1; stop_timeout = "50ms";')
        download = Download(s)
        s.kill(signal.SIGQUIT)
        s.log.wait_for("stopping")
        wait_until(lambda: is_free(s.address), "a closed port")
        self.assertTrue(download.is_whole())
        s.stop()

    def test_the_second_term_stops_at_once(self):
        for first in (signal.SIGTERM, signal.SIGQUIT):
            with self.subTest(first=first):
                s = server('workers = 2; stop_timeout = "1h";')
                download = Download(s)
                s.kill(first)
                s.log.wait_for("stopping")
                s.kill(signal.SIGTERM)
                s.kill(signal.SIGTERM)
                wait_until(lambda: s.kill(signal.SIGTERM) or s.process.poll() is not None, "an end")
                s.check_end()
                self.assertFalse(download.is_whole())
                s.destroy()

    def test_a_hung_worker_does_not_keep_the_server_from_stopping(self):
        s = server('workers = 1; stop_timeout = "50ms";', allow="did not end|SIGKILL")
        os.kill(wait_workers(s, 1)[0], signal.SIGSTOP)
        s.kill(signal.SIGTERM)
        s.check_end()
        s.destroy()

    def test_a_stop_by_command_waits_for_the_end(self):
        s = server('workers = 1; pid_file = "@DIR@/pid";')
        done = run_ostler("-c", s.path("ostler.conf"), "-s", "stop")
        self.assertEqual((done.returncode, done.stdout), (0, "stopping\n"))
        self.assertTrue(is_free(s.address))
        s.check_end()
        self.assertFalse(os.path.exists(s.path("pid")))
        self.assertFalse(os.path.exists(s.path("pid.ctl")))
        s.destroy()


class Logs(unittest.TestCase):
    def test_usr1_reopens_logs_after_a_rename(self):
        s = server('workers = 2; error_log = "stderr";',
                   'accesslog: { file = "@DIR@/access.log"; };\n')
        with s:
            s.get("/hello.txt?one")
            wait_until(lambda: "one" in self.text(s, "access.log"), "the first line")
            os.rename(s.path("access.log"), s.path("access.log.1"))
            s.kill(signal.SIGUSR1)
            s.log.wait_for("logs reopened")
            for i in range(8):
                s.get("/hello.txt?two%d" % i)
            wait_until(lambda: self.text(s, "access.log").count("two") == 8, "lines in the new file")
            self.assertNotIn("two", self.text(s, "access.log.1"))
            self.assertNotIn("one", self.text(s, "access.log"))

    @staticmethod
    def text(s, name):
        try:
            with open(s.path(name), encoding="utf-8") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def test_a_worker_started_after_a_rotation_writes_to_the_new_file(self):
        s = server("workers = 1;", 'accesslog: { file = "@DIR@/access.log"; };\n', allow="SIGKILL")
        with s:
            worker = wait_workers(s, 1)[0]
            os.rename(s.path("access.log"), s.path("access.log.1"))
            s.kill(signal.SIGUSR1)
            s.log.wait_for("logs reopened")
            os.kill(worker, signal.SIGKILL)
            wait_workers(s, 1, without=[worker])
            s.get("/hello.txt?new")
            wait_until(lambda: "new" in self.text(s, "access.log"), "a line in the new file")


class PidFile(unittest.TestCase):
    def test_it_names_the_master_and_goes_with_it(self):
        with server('workers = 1; pid_file = "@DIR@/pid";') as s:
            with open(s.path("pid"), encoding="ascii") as f:
                self.assertEqual(f.read(), "%d\n" % s.pid)
            s.kill(signal.SIGTERM)
            s.process.wait(TIMEOUT)
            self.assertFalse(os.path.exists(s.path("pid")))

    def test_a_second_instance_is_refused_and_the_first_goes_on(self):
        with server('workers = 1; pid_file = "@DIR@/pid";') as s:
            second = run_ostler("-D", "-c", s.path("ostler.conf"))
            self.assertEqual(second.returncode, 1)
            self.assertIn("runs already with pid %d" % s.pid, second.stderr)
            self.assertEqual(s.get("/hello.txt").status, 200)
            self.assertTrue(os.path.exists(s.path("pid")))

    def test_what_a_killed_master_left_does_not_keep_the_next_from_starting(self):
        with server('workers = 1; pid_file = "@DIR@/pid";') as s:
            workers = wait_workers(s, 1)
            s.kill(signal.SIGKILL)
            s.process.wait(TIMEOUT)
            wait_until(lambda: all(is_gone(w) for w in workers), "the end of the worker")
            self.assertTrue(os.path.exists(s.path("pid")))
            status = run_ostler("-c", s.path("ostler.conf"), "-s", "status")
            self.assertEqual(status.returncode, 1)
            self.assertIn("not running", status.stderr)
            again = subprocess.Popen([harness.BINARY, "-D", "-c", s.path("ostler.conf")],
                                     stderr=subprocess.PIPE, start_new_session=True)
            try:
                log = harness.Log(again.stderr)
                log.wait_for("server: ready")
                with open(s.path("pid"), encoding="ascii") as f:
                    self.assertEqual(f.read(), "%d\n" % again.pid)
            finally:
                again.terminate()
                self.assertEqual(again.wait(TIMEOUT), 0)
            s.destroy()


class Status(unittest.TestCase):
    def test_status_names_workers_and_addresses(self):
        with server('workers = 2; pid_file = "@DIR@/pid";') as s:
            workers = wait_workers(s, 2)
            s.get("/hello.txt")
            done = run_ostler("-c", s.path("ostler.conf"), "-s", "status")
            self.assertEqual(done.returncode, 0)
            self.assertIn("pid %d, serving" % s.pid, done.stdout)
            self.assertIn("listening on 127.0.0.1:%d\n" % s.port, done.stdout)
            found = [int(x) for x in re.findall(r"worker \d \(pid (\d+)\): ready", done.stdout)]
            self.assertEqual(sorted(found), workers)

    def test_commands_find_the_master_when_its_configuration_is_broken_meanwhile(self):
        with server('workers = 1; pid_file = "@DIR@/pid";') as s:
            with open(s.path("ostler.conf"), "a", encoding="utf-8") as conf:
                conf.write("nonsense = true;\n")
            done = run_ostler("-c", s.path("ostler.conf"), "-s", "status")
            self.assertEqual(done.returncode, 0)
            self.assertIn("pid %d" % s.pid, done.stdout)
            done = run_ostler("-c", s.path("ostler.conf"), "-s", "reload")
            self.assertEqual(done.returncode, 78)
            self.assertIn("nonsense", done.stderr)


class ExitCodes(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="ostler-test-")
        self.addCleanup(shutil.rmtree, self.dir)

    def run_with(self, text, *args):
        path = os.path.join(self.dir, "o.conf")
        with open(path, "w", encoding="utf-8") as conf:
            conf.write(text)
        return run_ostler("-c", path, *args)

    def test_a_wrong_command_line_is_2(self):
        self.assertEqual(run_ostler("--no-such-option").returncode, 2)

    def test_a_wrong_configuration_is_78(self):
        done = self.run_with("nonsense = 1;\n", "-D")
        self.assertEqual(done.returncode, 78)
        self.assertIn("o.conf:1:1: error:", done.stderr)

    def test_a_port_in_use_is_1_and_its_holder_is_named(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            done = self.run_with('listen = ( { address = "127.0.0.1"; port = %d; } );' % port, "-D")
        self.assertEqual(done.returncode, 1)
        self.assertIn("127.0.0.1:%d: address already in use" % port, done.stderr)
        if sys.platform == "linux":
            self.assertIn("(pid %d)" % os.getpid(), done.stderr)

    def test_every_address_that_cannot_be_bound_is_told(self):
        done = self.run_with('listen = ( { address = "203.0.113.1"; port = 80; }, '
                             '{ address = "203.0.113.2"; port = 80; } );', "-D")
        self.assertEqual(done.returncode, 1)
        self.assertIn("203.0.113.1:80: address not available", done.stderr)
        self.assertIn("203.0.113.2:80: address not available", done.stderr)

    def test_the_reason_is_on_stderr_although_the_log_is_a_file(self):
        done = self.run_with('server: { error_log = "%s/error.log"; };\n'
                             'listen = ( { address = "203.0.113.1"; } );' % self.dir, "-D")
        self.assertEqual(done.returncode, 1)
        self.assertIn("ostler: 203.0.113.1:80: address not available", done.stderr)
        with open(os.path.join(self.dir, "error.log"), encoding="utf-8") as log:
            self.assertIn("address not available", log.read())


class Background(unittest.TestCase):
    """Without -D, without a terminal and without systemd."""

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="ostler-test-")
        os.chmod(self.dir, 0o755)
        self.addCleanup(shutil.rmtree, self.dir)
        os.mkdir(self.path("www"))
        with open(self.path("www/hello.txt"), "w", encoding="utf-8") as f:
            f.write("hello\n")
        self.env = {k: v for k, v in os.environ.items()
                    if k not in ("NOTIFY_SOCKET", "INVOCATION_ID")}

    def path(self, name):
        return os.path.join(self.dir, name)

    def configure(self, listen):
        with open(self.path("o.conf"), "w", encoding="utf-8") as conf:
            conf.write(harness.complete_configuration(
                'server: { workers = 2; pid_file = "@DIR@/pid"; error_log = "@DIR@/error.log"; };\n'
                'listen = ( %s );\n' % listen + STATIC, self.dir))

    def start(self):
        """By a relative name, as one would type it; ends only when every copy of stderr is shut."""
        return run_ostler("-c", "o.conf", cwd=self.dir, env=self.env)

    def test_the_parent_returns_when_the_workers_serve(self):
        self.configure('{ address = "127.0.0.1"; port = 0; }')
        done = self.start()
        self.assertEqual(done.returncode, 0, done.stderr)
        try:
            with open(self.path("error.log"), encoding="utf-8") as log:
                port = int(re.search(r"listening on 127.0.0.1:(\d+)", log.read()).group(1))
            with harness.Connection(("127.0.0.1", port)) as c:
                self.assertEqual(c.exchange("GET", "/hello.txt").text, "hello\n")
            with open(self.path("pid"), encoding="ascii") as f:
                pid = int(f.read())
            self.assertNotEqual(os.getsid(pid), os.getsid(0))
            # It left the folder it was started in: the configuration is found all the same.
            self.assertEqual(run_ostler("-c", self.path("o.conf"), "-s", "reload").returncode, 0)
        finally:
            done = run_ostler("-c", self.path("o.conf"), "-s", "stop")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_parent_tells_why_it_did_not_start(self):
        self.configure('{ address = "203.0.113.1"; port = 80; }')
        done = self.start()
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, "ostler: 203.0.113.1:80: address not available: "
                                      "no interface of this machine has it\n")
        self.assertFalse(os.path.exists(self.path("pid")))

    def test_a_wrong_configuration_is_told_before_it_leaves(self):
        self.configure('{ prot = 80; }')
        done = self.start()
        self.assertEqual(done.returncode, 78)
        self.assertIn("prot", done.stderr)


@unittest.skipUnless(os.geteuid() == 0, "needs root")
class Privileges(unittest.TestCase):
    def test_workers_run_as_the_user_and_the_master_does_not(self):
        nobody = pwd.getpwnam("nobody").pw_uid
        with server('workers = 2; user = "nobody";') as s:
            s.log.wait_for("ready: pid")  # by then both have dropped what they must not keep
            workers = wait_workers(s, 2)
            rows = subprocess.run(["ps", "-A", "-o", "pid=,uid="], stdout=subprocess.PIPE,
                                  check=True, universal_newlines=True).stdout.split("\n")
            uids = {int(r.split()[0]): int(r.split()[1]) for r in rows if r}
            self.assertEqual({uids[w] for w in workers}, {nobody})
            self.assertEqual(uids[s.pid], 0)
            self.assertEqual(s.get("/hello.txt").text, "hello\n")

    def test_a_file_the_user_cannot_read_is_not_served(self):
        with server('workers = 1; user = "nobody";') as s:
            os.chmod(s.path("www/hello.txt"), 0o600)
            self.assertEqual(s.get("/hello.txt").status, 403)

    def test_root_without_a_user_is_warned(self):
        with server("workers = 1;") as s:
            s.log.wait_for(r"\[warn\].*workers run as root")


@unittest.skipUnless(os.path.isdir("/proc/self/fd"), "needs /proc")
class Descriptors(unittest.TestCase):
    @staticmethod
    def count(pid):
        return len(os.listdir("/proc/%d/fd" % pid))

    def test_neither_master_nor_workers_collect_descriptors(self):
        with server('workers = 2; pid_file = "@DIR@/pid";', allow="SIGKILL") as s:
            worker = wait_workers(s, 2)[0]
            s.reload()
            wait_workers(s, 2, without=[worker])
            before = self.count(s.pid), self.count(s.workers()[0])
            for _ in range(5):
                old = s.workers()
                s.reload()
                wait_workers(s, 2, without=old)
            old = s.workers()[0]
            os.kill(old, signal.SIGKILL)
            workers = wait_workers(s, 2, without=[old])
            s.kill(signal.SIGUSR1)
            s.log.wait_for("logs reopened")
            run_ostler("-c", s.path("ostler.conf"), "-s", "status")
            wait_until(lambda: self.count(s.pid) == before[0], "the master's descriptors")
            for w in workers:
                self.assertEqual(self.count(w), before[1])

    def test_workers_do_not_hold_what_is_the_masters(self):
        with server('workers = 2; pid_file = "@DIR@/pid";') as s:
            for w in wait_workers(s, 2):
                links = [os.readlink("/proc/%d/fd/%s" % (w, n))
                         for n in os.listdir("/proc/%d/fd" % w)]
                self.assertNotIn(s.path("pid"), links)
                # One socket to listen on and one channel.
                self.assertEqual(len([x for x in links if x.startswith("socket:")]), 2, links)


class Service(unittest.TestCase):
    """What systemd would see and do."""

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="ostler-test-")
        self.addCleanup(shutil.rmtree, self.dir)

    def test_notify_tells_ready_reload_and_stop(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(os.path.join(self.dir, "notify"))
            manager.settimeout(TIMEOUT)
            env = {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "200000"}
            seen = []

            def wait_for(start):
                while True:
                    seen.append(manager.recv(4096).decode())
                    if seen[-1].startswith(start):
                        return seen[-1]
            with server(env=env) as s:
                wait_for("READY=1")
                self.assertEqual(len(s.workers()), 2)
                wait_for("WATCHDOG=1")
                wait_for("WATCHDOG=1")
                s.kill(signal.SIGHUP)
                self.assertRegex(wait_for("RELOADING=1"), r"MONOTONIC_USEC=\d+")
                wait_for("READY=1")
                s.kill(signal.SIGTERM)
                wait_for("STOPPING=1")
            self.assertNotIn("STOPPING=1", seen[:-1])

    def test_a_socket_handed_over_is_used(self):
        with socket.create_server(("127.0.0.1", 0)) as given:
            port = given.getsockname()[1]
            conf = os.path.join(self.dir, "o.conf")
            with open(conf, "w", encoding="utf-8") as f:
                f.write('server: { workers = 1; };\n'
                        'listen = ( { address = "127.0.0.1"; port = %d; } );\n' % port)
            script = ('exec 3<&%d; LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" -D -c "$1"'
                      % given.fileno())
            process = subprocess.Popen(["sh", "-c", script, harness.BINARY, conf],
                                       stderr=subprocess.PIPE, pass_fds=[given.fileno()],
                                       start_new_session=True)
            log = harness.Log(process.stderr)
            try:
                log.wait_for("server: ready")
                with harness.Connection(("127.0.0.1", port)) as c:
                    self.assertIn(c.exchange("GET", "/").status, (200, 403, 404))
            finally:
                process.terminate()
                self.assertEqual(process.wait(TIMEOUT), 0, log.text())
            # Ours only for a while: whoever gave it still listens.
            with socket.create_connection(("127.0.0.1", port), TIMEOUT):
                pass


class Listening(unittest.TestCase):
    def test_a_unix_socket_is_served_and_removed(self):
        with Server(STATIC + 'listen = ( { address = "unix:@DIR@/s"; } );\n', FILES) as s:
            self.assertEqual(s.get("/hello.txt").text, "hello\n")
            s.kill(signal.SIGTERM)
            s.process.wait(TIMEOUT)
            self.assertFalse(os.path.exists(s.path("s")))

    def test_all_addresses_are_ipv4_and_ipv6(self):
        with Server(STATIC + 'listen = ( { port = 0; } );\n', FILES) as s:
            self.assertEqual(s.get("/hello.txt").text, "hello\n")
            if not has_ipv6():
                return
            with harness.Connection(("::1", s.port)) as c:
                self.assertEqual(c.exchange("GET", "/hello.txt").text, "hello\n")


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
            return True
    except OSError:
        return False


if __name__ == "__main__":
    harness.main()
