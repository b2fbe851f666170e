# test_reload.py - a new configuration takes over, or does not, and no request is lost.
import os
import signal
import socket
import subprocess

import harness
from harness import BINARY, TIMEOUT, Server, connect, wait_until
from takeover_case import BIG, Promises, TakeoverCase

FILES = {"one/name.txt": "one\n", "two/name.txt": "two\n", "one/big.bin": BIG, "two/big.bin": b"x"}
GROUP = 'server: { workers = 2; pid_file = "@DIR@/pid"; };\n'
LOOPBACK = '{ address = "127.0.0.1"; port = %d; }'
REFUSED = r"\[error\].*reload refused"


def configuration(root="one", listen=(0,), group=GROUP):
    entries = ", ".join(LOOPBACK % port for port in listen)
    return group + "listen = ( %s );\n" % entries + 'static: { root = "@DIR@/%s"; };\n' % root


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


class ReloadCase(TakeoverCase):
    def server(self, text=None, **options):
        s = Server(text or configuration(), FILES, **options)
        self.addCleanup(s.destroy)
        s.log.wait_for("server: ready")
        return s

    def name(self, s, port=None):
        with connect(("127.0.0.1", port or s.port)) as c:
            return c.exchange("GET", "/name.txt").text


class Good(Promises, ReloadCase):
    AFTER = "two\n"

    def take_over(self, s, times=0):
        self.put(s, configuration(("two", "one")[times % 2]))
        self.carry_out(s)

    def test_the_command_returns_when_the_new_configuration_serves(self):
        s = self.server()
        before = s.workers()
        for root in ("two", "one", "two"):
            self.put(s, configuration(root))
            self.carry_out(s)
            self.assertEqual(self.name(s), root + "\n")
        self.wait_for_new_workers(s, before)
        s.stop()

    def test_hup_does_the_same(self):
        s = self.server()
        s.reload(configuration("two"))
        self.assertEqual(self.name(s), "two\n")
        s.stop()

    def test_the_number_of_workers_follows(self):
        s = self.server()
        for count in (4, 1):
            s.reload(configuration(group=GROUP.replace("workers = 2", "workers = %d" % count)))
            wait_until(lambda: len(s.workers()) == count, "%d workers" % count)
        s.stop()

    def test_addresses_come_and_go(self):
        s = self.server()
        port = free_port()
        s.reload(configuration(listen=(0, port)))
        self.assertEqual(self.name(s), "one\n")
        self.assertEqual(self.name(s, port), "one\n")
        s.log.wait_for("listening on 127.0.0.1:%d" % port)
        s.reload(configuration(listen=(port,)))
        self.assertEqual(self.name(s, port), "one\n")
        self.wait_until_refused(s.address)
        s.stop()

    def test_two_at_once_are_both_answered(self):
        s = self.server()
        self.put(s, configuration("two"))
        asking = [subprocess.Popen([BINARY, "-c", s.path("ostler.conf"), "-s", "reload"],
                                   stdout=subprocess.PIPE) for _ in range(4)]
        for process in asking:
            out, _ = process.communicate(timeout=TIMEOUT)
            self.assertEqual(process.returncode, 0)
            self.assertIn(b"is in force", out)
        self.assertEqual(self.name(s), "two\n")
        s.stop()

    def test_the_pid_file_may_move(self):
        s = self.server()
        self.put(s, configuration(group=GROUP.replace("@DIR@/pid", "@DIR@/other")))
        # The master is asked where it is, so HUP: the file says already where it will be.
        s.reload()
        wait_until(lambda: not os.path.exists(s.path("pid")), "the old file to go")
        with open(s.path("other"), encoding="ascii") as f:
            self.assertEqual(f.read(), "%d\n" % s.pid)
        self.assertEqual(self.command(s, "status").returncode, 0)
        self.assertEqual(self.command(s, "reload").returncode, 0)
        s.stop()

    def test_the_error_log_may_move(self):
        s = self.server()
        log = s.path("error.log")
        self.put(s, configuration(group=GROUP.replace("};", 'error_log = "%s"; };' % log)))
        self.assertEqual(self.command(s).returncode, 0)
        with open(log, encoding="utf-8") as f:
            self.assertIn("reloaded", f.read())
        s.stop()


class Refused(ReloadCase):
    def check_goes_on(self, s, workers):
        self.assertEqual(self.name(s), "one\n")
        self.assertEqual(s.workers(), workers)

    def test_a_wrong_configuration_is_told_and_changes_nothing(self):
        s = self.server()
        workers = s.workers()
        self.put(s, configuration("two") + "nonsense = 1;\nmore = 2;\n")
        s.kill(signal.SIGHUP)
        s.log.wait_for(r"\[error\].*ostler.conf:\d+:1: error: .*nonsense")
        s.log.wait_for(r"\[error\].*ostler.conf:\d+:1: error: .*more")
        s.log.wait_for(REFUSED)
        self.check_goes_on(s, workers)
        done = self.command(s)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("nonsense", done.stderr)
        self.check_goes_on(s, workers)
        self.put(s, configuration("two"))
        self.assertEqual(self.command(s).returncode, 0)
        self.assertEqual(self.name(s), "two\n")
        s.stop()

    def test_a_missing_file_changes_nothing(self):
        s = self.server()
        workers = s.workers()
        os.unlink(s.path("ostler.conf"))
        s.kill(signal.SIGHUP)
        s.log.wait_for(REFUSED)
        self.check_goes_on(s, workers)
        s.stop()

    def test_an_address_that_is_taken_changes_nothing(self):
        s = self.server()
        workers = s.workers()
        other = free_port()
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            self.put(s, configuration("two", listen=(0, other, port)))
            done = self.command(s)
        self.assertEqual(done.returncode, 1)
        self.assertIn("127.0.0.1:%d: address already in use" % port, done.stderr)
        s.log.wait_for(REFUSED)
        self.check_goes_on(s, workers)
        with socket.socket() as probe:  # what could be bound is given back
            self.assertNotEqual(probe.connect_ex(("127.0.0.1", other)), 0)
        s.stop()

    def test_a_log_that_cannot_be_opened_changes_nothing(self):
        s = self.server()
        workers = s.workers()
        bad = 'error_log = "/nonexistent/folder/log"; };'
        self.put(s, configuration("two", group=GROUP.replace("};", bad)))
        done = self.command(s)
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nonexistent/folder/log", done.stderr + s.log.text())
        self.check_goes_on(s, workers)
        s.log.wait_for(REFUSED)  # in the old log
        s.stop()

    def test_a_pid_file_of_another_server_changes_nothing(self):
        first = self.server()
        second = self.server()
        workers = second.workers()
        group = GROUP.replace("@DIR@/pid", first.path("pid"))
        self.put(second, configuration("two", group=group))
        second.kill(signal.SIGHUP)
        second.log.wait_for(r"\[error\].*runs already with pid %d" % first.pid)
        self.check_goes_on(second, workers)
        self.assertTrue(os.path.exists(second.path("pid")))
        self.assertEqual(self.command(first, "status").returncode, 0)
        first.stop()
        second.stop()


if __name__ == "__main__":
    harness.main()
