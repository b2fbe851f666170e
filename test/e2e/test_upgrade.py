# test_upgrade.py - another program takes the server's place, and no request is lost.
import os
import shutil
import signal
import socket
import subprocess

import harness
from harness import BINARY, TEST_BINARY, TIMEOUT, Server, wait_until
from takeover_case import BIG, Promises, TakeoverCase
from tls_case import Authority, visit
from wire import make_request

FILES = {"www/name.txt": "one\n", "www/big.bin": BIG}
GROUP = 'server: { workers = 2; pid_file = "@DIR@/pid"; };\n'
STATIC = 'static: { root = "@DIR@/www"; };\n'
GREETING = 'locations = ( { path = "/hello"; modules: { hello = true; }; hello: { text = "Hi"; }; } );\n'
UPGRADED = r"server: upgraded: ostler"
REFUSED = r"\[error\].*upgrade refused: the old program goes on"


def open_files(s):
    """How many descriptors the master has; 0 where nobody can tell."""
    folder = "/proc/%d/fd" % s.pid
    return len(os.listdir(folder)) if os.path.isdir(folder) else 0


class UpgradeCase(TakeoverCase):
    COMMAND = "upgrade"

    def setUp(self):
        self.folder = harness.make_folder(self)
        os.chmod(self.folder, 0o755)
        self.program = os.path.join(self.folder, "ostler")

    def install(self, source):
        """As a package manager does: a new file takes the name."""
        shutil.copy(source, self.program + ".new")
        os.rename(self.program + ".new", self.program)

    def install_script(self, text):
        with open(self.program + ".new", "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\n" + text)
        os.chmod(self.program + ".new", 0o755)
        os.rename(self.program + ".new", self.program)

    def server(self, text=GROUP + STATIC, files=FILES, **options):
        self.install(BINARY)
        s = Server(text, files, binary=self.program, **options)
        self.addCleanup(s.destroy)
        s.log.wait_for("server: ready")
        return s

    def assert_refused(self, s, reason):
        before = s.workers()
        done = self.command(s)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("upgrade refused; the old program goes on\n", done.stderr)
        self.assertIn(reason, done.stderr)
        s.log.wait_for(REFUSED)
        self.assertEqual(s.workers(), before)
        self.assertEqual(s.get("/name.txt").text, "one\n")


class Good(Promises, UpgradeCase):
    TIMES = 5

    def take_over(self, s, times=0):
        self.carry_out(s)

    def test_another_program_serves_with_the_same_pid_and_port(self):
        s = self.server()
        before = s.workers()
        self.install(TEST_BINARY)
        # Only the new program has this module: the configuration comes with it.
        self.put(s, GROUP + STATIC + GREETING)
        done = subprocess.run([self.program, "-c", s.path("ostler.conf"), "-s", "upgrade"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT,
                              universal_newlines=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"^ostler \S+ serves, configuration 2 is in force\n$")
        self.assertEqual(s.get("/hello").text, "Hi, 127.0.0.1!\n")
        with open(s.path("pid"), encoding="ascii") as f:
            self.assertEqual(int(f.read()), s.pid)
        self.wait_for_new_workers(s, before)
        s.stop()

    def test_usr2_does_the_same_and_so_do_later_ones(self):
        s = self.server()
        fds = open_files(s)
        for count in (1, 2, 3):
            before = s.workers()
            s.kill(signal.SIGUSR2)
            s.log.wait_for(UPGRADED, count)
            self.wait_for_new_workers(s, before)
        self.assertEqual(s.get("/name.txt").text, "one\n")
        wait_until(lambda: open_files(s) == fds, "as many descriptors as before")
        s.reload()  # the ordinary life goes on
        s.stop()

    def test_a_socket_file_stays_and_is_removed_at_the_end(self):
        listen = 'listen = ( { address = "unix:@DIR@/socket"; } );\n'
        s = self.server(GROUP + listen + STATIC)
        inode = os.stat(s.path("socket")).st_ino
        self.assertEqual(self.command(s).returncode, 0)
        self.assertEqual(os.stat(s.path("socket")).st_ino, inode)
        self.assertEqual(s.get("/name.txt").text, "one\n")
        s.kill(signal.SIGTERM)
        s.process.wait(TIMEOUT)
        self.assertFalse(os.path.exists(s.path("socket")))

    def test_an_address_that_is_not_wanted_any_more_is_given_up(self):
        two = '{ address = "127.0.0.1"; port = 0; }'
        s = self.server(GROUP + "listen = ( %s, %s );\n" % (two, two) + STATIC)
        gone = s.addresses[1]
        self.put(s, GROUP + "listen = ( %s );\n" % two + STATIC)
        self.assertEqual(self.command(s).returncode, 0)
        self.assertEqual(s.get("/name.txt").text, "one\n")
        self.wait_until_refused(gone)
        s.stop()

    def test_the_service_manager_sees_a_reload_and_the_watchdog_goes_on(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(os.path.join(self.folder, "notify"))
            manager.settimeout(TIMEOUT)
            env = {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "200000"}

            def wait_for(start):
                while True:
                    text = manager.recv(4096).decode()
                    if text.startswith(start):
                        return text
            s = self.server(env=env)
            wait_for("READY=1")
            s.kill(signal.SIGUSR2)
            self.assertRegex(wait_for("RELOADING=1"), r"MONOTONIC_USEC=\d+")
            wait_for("READY=1")
            wait_for("WATCHDOG=1")
            s.kill(signal.SIGTERM)
            wait_for("STOPPING=1")
            s.check_end()

    def test_a_tls_session_from_before_goes_on(self):
        pair = Authority().pair("a.example")
        tls = ('listen = ( { address = "127.0.0.1"; port = 0; tls = true; } );\n'
               'tls: { certificate = "a.pem"; key = "a.key"; };\n')
        files = {"www/index.html": "hello\n", "a.pem": pair.certificate, "a.key": pair.key}
        s = self.server(GROUP + STATIC + tls, files)
        fds = open_files(s)
        sessions = {v: os.path.join(self.folder, v) for v in ("-tls1_2", "-tls1_3")}
        for version, session in sessions.items():
            self.assertFalse(visit(s, version, session, save=True))
        for upgrades in (1, 2):
            self.assertEqual(self.command(s).returncode, 0)
            for version, session in sessions.items():
                with self.subTest(version=version, upgrades=upgrades):
                    self.assertEqual([visit(s, version, session) for _ in range(4)], [True] * 4)
        wait_until(lambda: open_files(s) == fds, "as many descriptors as before")
        s.stop()

    def test_tls_may_go_and_come_with_an_upgrade(self):
        pair = Authority().pair("a.example")
        plain = '{ address = "127.0.0.1"; port = 0; }'
        tls = '{ address = "127.0.0.1"; port = 0; tls = true; }'
        group = 'tls: { certificate = "a.pem"; key = "a.key"; };\n'
        both = GROUP + STATIC + group + "listen = ( %s, %s );\n" % (plain, tls)
        files = {"www/name.txt": "one\n", "a.pem": pair.certificate, "a.key": pair.key}
        s = self.server(both, files)
        for text in (GROUP + STATIC + "listen = ( %s );\n" % plain, both):
            self.put(s, text)
            self.assertEqual(self.command(s).returncode, 0)
            self.assertEqual(s.get("/name.txt").text, "one\n")
        s.stop()

    def test_signals_that_come_meanwhile_wait(self):
        s = self.server()
        s.kill(signal.SIGUSR2)
        for _ in range(50):
            s.kill(signal.SIGUSR1)
            s.kill(signal.SIGHUP)
        s.log.wait_for(UPGRADED)
        s.reload()
        self.assertEqual(s.get("/name.txt").text, "one\n")
        s.stop()


class Refused(UpgradeCase):
    def test_a_program_that_does_not_run(self):
        s = self.server()
        self.install("/dev/null")
        self.assert_refused(s, self.program + ": Permission denied")
        self.install_script("echo 'libnothing.so.1: cannot open shared object file' >&2; exit 127\n")
        self.assert_refused(s, "libnothing.so.1: cannot open shared object file")
        os.unlink(self.program)
        self.assert_refused(s, self.program + ": No such file or directory")
        s.stop()

    def test_a_program_that_does_not_take_the_configuration(self):
        s = self.server()
        self.put(s, GROUP + STATIC + "nonsense = 1;\n")
        done = self.command(s)
        self.assertEqual(done.returncode, 78)
        self.assertIn("nonsense", done.stderr)
        s.kill(signal.SIGUSR2)
        s.log.wait_for(REFUSED)
        self.assertEqual(s.get("/name.txt").text, "one\n")
        s.stop()

    def test_the_old_workers_finish_when_the_new_program_fails_after_all(self):
        s = self.server()
        self.install_script('case " $* " in *" -t "*) exit 0;; esac\nexit 3\n')
        with s.connect(receive_buffer=4096) as c:
            c.send(make_request("GET", "/big.bin"))
            c.read_head()
            done = self.command(s)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("the master ended without an answer", done.stderr)
            self.assertEqual(c.read_exactly(len(BIG)), BIG)
        s.check_end(status=3)


if __name__ == "__main__":
    harness.main()
