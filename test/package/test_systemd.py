# test_systemd.py - the package on a Debian that has been booted: installed, run, upgraded, removed.
import json
import os
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from machine import SOURCE, Load, Machine, package, run, wait_until, why_not, NEW  # noqa: E402

PAGE = "<title>a page</title>\n"
SCRIPTS = {
    "hello.sh": "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'; id -un\n",
    "caps.sh": "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'; grep -E 'Cap(Eff|Prm|Amb|Inh)' "
               "/proc/self/status\n",
    "write.sh": "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n"
                "for f in /usr/x /etc/x /home/x /var/lib/app/x /tmp/x; do\n"
                "  (echo x >$f) 2>/dev/null && echo $f; done; true\n",
    "hello.pl": "#!/usr/bin/perl\nprint \"Content-Type: text/plain\\n\\n\"; "
                "my $n = fork; if (!$n) { exit 3 } waitpid $n, 0; print 'perl ', $? >> 8, \"\\n\";\n",
    "hello.py": "#!/usr/bin/python3\nimport socket, tempfile, threading\n"
                "t = threading.Thread(target=tempfile.TemporaryFile); t.start(); t.join()\n"
                "a = socket.getaddrinfo('localhost', 80)\n"
                "print('Content-Type: text/plain\\n\\npython', a[0][4][1])\n",
    # A long subject makes PCRE use its compiler: memory that is written and executed.
    "hello.php": "#!/usr/bin/php-cgi\n<?php echo 'php ', "
                 "preg_match('/(a+)+b$/', str_repeat('a', 20) . 'b'), ' ', ini_get('pcre.jit');\n",
}


def shipped(machine):
    machine.put("/var/www/html/load.html", PAGE)
    for name, text in SCRIPTS.items():
        machine.put("/usr/lib/cgi-bin/" + name, text, 0o755)
    machine.run("install -d -o www-data /var/lib/app")


@unittest.skipIf(why_not(), why_not())
class MachineCase(unittest.TestCase):
    """One machine for the tests of a class, with ostler installed unless it says otherwise."""
    INSTALL = "new"

    @classmethod
    def setUpClass(cls):
        cls.machine = Machine()
        cls.addClassCleanup(cls.machine.end)
        if cls.INSTALL:
            cls.installed = cls.machine.install(cls.INSTALL).stdout
            shipped(cls.machine)

    def assert_active(self):
        self.assertEqual(self.machine.text("systemctl is-active ostler || true"), "active",
                         self.machine.run("journalctl -u ostler --no-pager", check=False).stdout)

    def assert_nothing_lost(self, load, least=50):
        result = load.result()
        self.assertEqual(result["wrong"], [])
        self.assertGreater(result["requests"], least)
        return result["requests"]


class Installed(MachineCase):
    def test_it_is_enabled_and_runs(self):
        self.assert_active()
        self.assertEqual(self.machine.text("systemctl is-enabled ostler"), "enabled")
        self.assertEqual(self.machine.property("NRestarts"), "0")
        self.assertEqual(self.machine.property("StatusText"), "serving")

    def test_files_are_as_documented(self):
        listed = self.machine.text("stat -c '%a %U:%G %n' /var/log/ostler /var/log/ostler/*.log "
                                   "/var/lib/ostler /run/ostler /etc/ostler/ostler.conf")
        self.assertEqual(listed.split("\n"), [
            "750 www-data:adm /var/log/ostler", "640 www-data:adm /var/log/ostler/access.log",
            "640 www-data:adm /var/log/ostler/error.log", "750 www-data:www-data /var/lib/ostler",
            "755 www-data:www-data /run/ostler", "644 root:root /etc/ostler/ostler.conf"])

    def test_the_welcome_page_is_there(self):
        self.assertIn("ostler", self.machine.get("/index.html"))

    def test_scripts_run_inside_the_sandbox_without_rights(self):
        for name, text in [("hello.sh", "www-data\n"), ("hello.pl", "perl 3\n"),
                           ("hello.py", "python 80\n"), ("hello.php", "php 1 1")]:
            with self.subTest(name):
                self.assertEqual(self.machine.get("/cgi-bin/" + name), text)
        self.assertEqual(self.machine.get("/cgi-bin/caps.sh").split()[1::2], ["0" * 16] * 4)
        self.assertEqual(self.machine.get("/cgi-bin/write.sh"), "/var/lib/app/x\n/tmp/x\n")
        self.assertFalse(os.path.exists(self.machine.root + "/tmp/x"), "its own /tmp")

    def test_the_command_says_how_a_reload_went(self):
        self.machine.run("systemctl reload ostler")
        self.machine.put("/etc/ostler/conf.d/wrong.conf", "nonsense = 1;\n")
        try:
            failed = self.machine.run("systemctl reload ostler", check=False)
            self.assertNotEqual(failed.returncode, 0)
            self.assertIn("nonsense", self.machine.text("journalctl -u ostler --no-pager"))
            self.assertEqual(self.machine.get("/load.html"), PAGE)
            self.assert_active()
            # A configuration that is wrong does not get better by trying again.
            self.machine.run("systemctl restart ostler", check=False)
            self.assertEqual(self.machine.text("systemctl is-active ostler || true"), "failed")
            self.assertEqual(self.machine.property("ExecMainStatus"), "78")
            self.assertEqual(self.machine.property("NRestarts"), "0")
        finally:
            os.unlink(self.machine.root + "/etc/ostler/conf.d/wrong.conf")
            self.machine.run("systemctl restart ostler")
        self.assertEqual(self.machine.get("/load.html"), PAGE)

    def test_a_master_that_is_killed_or_hangs_is_replaced(self):
        self.machine.run("mkdir -p /run/systemd/system/ostler.service.d && "
                         "printf '[Service]\\nWatchdogSec=2\\n' "
                         ">/run/systemd/system/ostler.service.d/watchdog.conf && "
                         "systemctl daemon-reload && systemctl restart ostler")
        for signal, result in (("KILL", "signal"), ("STOP", "watchdog")):
            with self.subTest(signal):
                before = self.machine.property("MainPID")
                self.machine.run("kill -%s %s" % (signal, before))
                wait_until(lambda: self.machine.property("MainPID") not in (before, "0") and
                           self.machine.property("ActiveState") == "active", "a new master")
                self.assertIn("Failed with result '%s'" % result,
                              self.machine.text("journalctl -u ostler --no-pager"))
                self.assertEqual(self.machine.get("/load.html"), PAGE)
        self.machine.run("rm -r /run/systemd/system/ostler.service.d; systemctl daemon-reload; "
                         "systemctl restart ostler")

    def test_systemd_listens_where_that_is_wanted_and_a_restart_loses_nothing(self):
        m = self.machine
        m.run("systemctl disable --now ostler.service && systemctl enable --now ostler.socket")
        self.assertEqual(m.text("systemctl is-active ostler.service || true"), "inactive")
        self.assertEqual(m.get("/load.html"), PAGE)
        self.assert_active()
        # New connections wait in the socket; a kept one is closed, which a restart may do.
        for _ in range(3):
            asking = subprocess.Popen(
                ["nsenter", "-t", str(m.first), "-m", "-n", "-p", "-r", "sh", "-c",
                 "for i in $(seq 60); do curl -fsS --max-time 30 http://localhost/load.html || "
                 "exit 1; done"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                universal_newlines=True)
            m.run("systemctl restart ostler.service")
            out, _ = asking.communicate(timeout=90)
            self.assertEqual((asking.returncode, out), (0, PAGE * 60))
        m.run("systemctl disable --now ostler.socket; systemctl stop ostler.service; "
              "systemctl enable --now ostler.service")
        self.assertEqual(m.get("/load.html"), PAGE)

    def test_rotating_loses_no_line(self):
        self.machine.run("ostler -s reopen; rm -f /var/log/ostler/access.log.*; "
                         "logrotate -f /etc/logrotate.d/ostler")
        before = self.machine.text("cat /var/log/ostler/access.log* | grep -c rotated || true")
        self.machine.put("/var/www/html/rotated.html", PAGE)
        load = Load(self.machine, "/rotated.html")
        for _ in range(3):
            self.machine.run("logrotate -f /etc/logrotate.d/ostler")
        requests = self.assert_nothing_lost(load)

        def lines():
            return int(self.machine.text("zcat -f /var/log/ostler/access.log* | "
                                         "grep -c 'GET /rotated.html'")) - int(before)
        wait_until(lambda: lines() >= requests, "%d lines" % requests, timeout=20)
        self.assertEqual(lines(), requests)
        self.assertEqual(self.machine.text("stat -c '%a %U:%G' /var/log/ostler/access.log"),
                         "640 www-data:adm")

    def test_the_tests_of_the_package_pass(self):
        shutil.copy(os.path.join(SOURCE, "packaging/debian/tests/serves"),
                    self.machine.root + "/root/serves")
        done = self.machine.run("sh /root/serves")
        self.assertIn("serves: logged", done.stdout)

    def test_programs_read_the_log_as_it_is(self):
        self.machine.run("ostler -s reopen")
        for path in ("/load.html", "/phpmyadmin", "/phpmyadmin"):
            self.machine.run("curl -s -A Mozilla/5.0 http://localhost%s" % path)
        log = self.machine.root + "/var/log/ostler/access.log"
        wait_until(lambda: "phpmyadmin" in self.machine.read("/var/log/ostler/access.log"), "lines")
        report = json.loads(run("goaccess", log, "--log-format=COMBINED", "-o", "json",
                                "--no-progress", "--ignore-panel=GEO_LOCATION").stdout)
        self.assertEqual(report["general"]["failed_requests"], 0)
        self.assertEqual(report["general"]["valid_requests"],
                         len(self.machine.read("/var/log/ostler/access.log").splitlines()))
        found = run("fail2ban-regex", log, "nginx-botsearch").stdout
        self.assertRegex(found, r"Lines: \d+ lines, 0 ignored, [1-9]\d* matched")


class Upgraded(MachineCase):
    INSTALL = "old"

    def test_requests_and_changes_live_through_an_upgrade(self):
        m = self.machine
        conf = m.read("/etc/ostler/ostler.conf")
        m.put("/etc/ostler/ostler.conf", conf.replace('#software = "ostler"', 'software = "mine"'))
        m.run("systemctl reload ostler")
        pid = m.property("MainPID")
        load = Load(m)
        said = m.install("new").stdout
        self.assert_nothing_lost(load)
        self.assertRegex(said, r"ostler \S+ serves, configuration \d+ is in force")
        self.assertEqual(m.property("MainPID"), pid)
        self.assertEqual(m.property("NRestarts"), "0")
        self.assert_active()
        self.assertIn("Server: mine", m.run("curl -sI http://localhost/").stdout)
        self.assertNotIn("~old", m.text("ostler -V"))
        self.assertEqual(m.text("readlink /proc/%s/exe" % pid), "/usr/bin/ostler")
        m.run("systemctl reload ostler")
        self.assertEqual(m.get("/load.html"), PAGE)
        # Later: the watchdog of a program that took over is fed, too.
        self.assertEqual(m.property("WatchdogUSec"), "30s")

    def test_removed_and_purged_nothing_is_left(self):
        machine = Machine()
        self.addCleanup(machine.end)
        before = machine.files()
        machine.install("new")
        shipped_conf = machine.root + "/etc/ostler/ostler.conf"
        machine.get("/")
        machine.run("apt-get remove -y ostler")
        self.assertEqual(machine.text("pgrep -x ostler || true"), "")
        self.assertNotEqual(machine.run("curl -s http://localhost/", check=False).returncode, 0)
        self.assertTrue(os.path.exists(shipped_conf))
        machine.run("apt-get purge -y ostler")
        self.assertEqual(sorted(machine.files() - before), [])
        self.assertEqual(machine.property("LoadState"), "not-found")
        self.assertEqual(machine.property("ActiveState"), "inactive")


class PortTaken(MachineCase):
    INSTALL = ""

    def test_installing_succeeds_and_says_why_it_does_not_run(self):
        m = self.machine
        taken = subprocess.Popen(["nsenter", "-t", str(m.first), "-n", sys.executable, "-m",
                                  "http.server", "80"], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL, cwd=m.root + "/srv")
        self.addCleanup(taken.wait)
        self.addCleanup(taken.kill)
        wait_until(lambda: m.run("curl -s http://localhost/", check=False).returncode == 0, "it")
        said = m.install("new").stdout
        self.assertIn("ostler: installed, but it does not run:", said)
        self.assertIn("*:80: address already in use", said)
        self.assertEqual(m.text("dpkg-query -W -f '${db:Status-Status}' ostler"), "installed")
        conf = m.read("/etc/ostler/ostler.conf")
        m.put("/etc/ostler/ostler.conf", conf.replace("port = 80;", "port = 8080;"))
        m.run("systemctl reset-failed ostler; systemctl start ostler")
        self.assertIn("ostler", m.run("curl -fsS http://localhost:8080/").stdout)


class Unit(unittest.TestCase):
    @unittest.skipIf(why_not() or not shutil.which("lintian"), why_not() or "no lintian here")
    def test_lintian_has_nothing_to_say(self):
        done = run("lintian", "--fail-on", "error,warning", package(NEW), check=False)
        self.assertEqual((done.returncode, [x for x in done.stdout.splitlines()
                                            if x[:2] in ("E:", "W:")]), (0, []))

    @unittest.skipIf(why_not(), why_not())
    def test_the_unit_is_hardened(self):
        unit = run("sh", "-c", "dpkg-deb --fsys-tarfile %s | tar -xO ./lib/systemd/system/"
                   "ostler.service" % package(NEW)).stdout
        folder = os.path.join(os.path.dirname(NEW), "unit")
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, "ostler.service")
        with open(path, "w", encoding="utf-8") as f:
            f.write(unit)
        said = run("systemd-analyze", "security", "--offline=true", "--no-pager", path).stdout
        level = float(said.rsplit("exposure level for ostler.service: ", 1)[1].split()[0])
        self.assertLessEqual(level, 2.0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
