# test_status.py - what the server is doing: over all workers, whoever dies, for people and programs.
import json
import os
import re
import shutil
import signal
import subprocess

import harness

CONFIG = '''
server: { workers = 2; pid_file = "@DIR@/pid"; };
modules: { cgi = true; status = true; session = true; };
session: { store = "sqlite:@DIR@/sessions.db"; };
static: { root = "@DIR@/www"; };
locations = (
  { path = "/status/"; status: { enabled = true; allow = [ "192.0.2.0/24" ]; }; },
  { path = "/cgi-bin/"; cgi: { root = "@DIR@/cgi"; executable = true; concurrent = 1; }; } );
hosts = ( { names = [ "a.example" ]; locations = ( { path = "/sub/"; } ); } );
'''
KEEPS = '''#!/bin/sh
printf 'Content-Type: text/plain\\nX-Session-Set: user=anna\\n\\n'
'''
SLOW = '''#!/bin/sh
printf 'Content-Type: text/plain\\n\\nbegun\\n'
cat "$FIFO"
'''


class Status(harness.TestCase):
    CONFIG = CONFIG.replace('concurrent = 1;', 'concurrent = 1; environment: { FIFO = "@DIR@/fifo"; };')
    FILES = {"www/x": "x", "www/sub/x": "y", "cgi/slow": SLOW, "cgi/keeps": KEEPS}
    ALLOW = r"worker \d+ .*killed by SIGKILL"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for script in ("slow", "keeps"):
            os.chmod(cls.server.path("cgi/" + script), 0o755)
        os.mkfifo(cls.server.path("fifo"))

    def status(self):
        return json.loads(self.server.get("/status/json").text)

    def scope(self, status, host, location):
        return next(s for s in status["scopes"]
                    if (s["host"], s["location"]) == (host, location))

    def module(self, status, name, labels=""):
        return next(m["value"] for m in status["modules"]
                    if (m["name"], m["labels"]) == (name, labels))

    def wait_for(self, condition, what):
        harness.wait_until(lambda: condition(self.status()), what)

    def test_requests_are_counted_over_all_workers(self):
        before = self.status()
        for _ in range(20):  # a connection each: both workers get some
            self.server.get("/x")
            self.server.get("/none")
            self.server.get("/sub/x", host="a.example")
        after = self.status()
        for host, location, kind, more in [("", "/", "2xx", 20), ("", "/", "4xx", 20),
                                           ("a.example", "/sub/", "2xx", 20),
                                           ("a.example", "/", "2xx", 0)]:
            with self.subTest(host=host, location=location, kind=kind):
                self.assertEqual(self.scope(after, host, location)[kind],
                                 self.scope(before, host, location)[kind] + more)
        self.assertGreaterEqual(after["requests"]["total"], before["requests"]["total"] + 60)
        self.assertGreater(self.scope(after, "a.example", "/sub/")["sent"],
                           self.scope(before, "a.example", "/sub/")["sent"])
        buckets = after["requests"]["duration"]["buckets"]
        self.assertEqual(sum(b["count"] for b in buckets), after["requests"]["total"])

    def test_what_is_under_way_is_listed_with_its_script(self):
        with self.server.connect() as slow:
            slow.send(harness.make_request("GET", "/cgi-bin/slow"))
            self.wait_for(lambda s: any(r["path"] == "/cgi-bin/slow" for r in s["in_flight"]),
                          "the script is listed")
            status = self.status()
            entry = next(r for r in status["in_flight"] if r["path"] == "/cgi-bin/slow")
            self.assertEqual((entry["method"], entry["client"]), ("GET", "127.0.0.1"))
            self.assertGreater(entry["age"], 0)
            self.wait_for(lambda s: self.module(s, "ostler_cgi_running") == 1, "one runs")
            self.assertIn("/cgi-bin/slow", self.server.get("/status/").text)
            ended = self.module(self.status(), "ostler_cgi_ended_total", 'how="success"')
            with open(self.server.path("fifo"), "w", encoding="ascii") as fifo:
                fifo.write("done\n")
            self.assertIn("done", slow.read_response().text)
        self.wait_for(lambda s: self.module(s, "ostler_cgi_ended_total", 'how="success"') == ended + 1
                      and self.module(s, "ostler_cgi_running") == 0, "it has ended")

    def test_sessions_are_counted(self):
        made = self.module(self.status(), "ostler_session_created_total")
        found = self.module(self.status(), "ostler_session_found_total")
        cookie = self.server.get("/cgi-bin/keeps")["Set-Cookie"].partition(";")[0]
        self.server.get("/x", fields=[("Cookie", cookie)])
        status = self.status()
        self.assertEqual(self.module(status, "ostler_session_created_total"), made + 1)
        self.assertEqual(self.module(status, "ostler_session_found_total"), found + 1)
        self.assertEqual(self.module(status, "ostler_session_orders"), 0)
        self.assertIn("Sessions", self.server.get("/status/").text)

    def test_counters_only_grow_when_workers_die_and_when_they_are_replaced(self):
        for _ in range(8):
            self.server.get("/x")
        before = self.scope(self.status(), "", "/")["2xx"]
        old = self.server.workers()
        for pid in old:
            os.kill(pid, signal.SIGKILL)
        harness.wait_until(lambda: len(set(self.server.workers()) - set(old)) == 2, "new workers")
        self.wait_for(lambda s: len(s["workers"]) == 2 and
                      all(w["state"] == "ready" for w in s["workers"]), "both are ready")
        status = self.status()
        self.assertGreaterEqual(self.scope(status, "", "/")["2xx"], before)
        self.assertGreaterEqual(status["server"]["workers_restarted"], 2)
        self.assertFalse(set(old) & {w["pid"] for w in status["workers"]})
        self.assertTrue(any("killed by SIGKILL" in e["text"] for e in status["errors"]))
        self.server.reload()
        self.server.get("/x")
        after = self.status()
        self.assertGreaterEqual(self.scope(after, "", "/")["2xx"], before + 1)
        self.assertGreater(after["server"]["generation"], status["server"]["generation"])

    def test_metrics_are_what_prometheus_reads(self):
        text = self.server.get("/status/metrics").text
        self.assertIn('ostler_requests_total{host="a.example",location="/sub/",code="2xx"} ', text)
        self.assertRegex(text, r'ostler_request_duration_seconds_bucket\{le="\+Inf"\} \d+\n')
        if not shutil.which("promtool"):
            self.skipTest("no promtool here")
        done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                              capture_output=True, check=False, timeout=harness.TIMEOUT)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_it_is_for_this_machine(self):
        for field in ("X-Forwarded-For", "Forwarded", "Via"):
            self.assertEqual(self.server.get("/status/", [(field, "203.0.113.1")]).status, 403)
        for address, status in [("203.0.113.1", 403), ("192.0.2.77", 200), ("::1", 200)]:
            told = json.loads(harness.run_ostler("explain", "/status/", "--from", address, "--json",
                                                 "-c", self.server.path("ostler.conf")).stdout)
            self.assertEqual(told["status"], status, address)

    def test_the_page_has_no_code_in_it(self):
        page = self.server.get("/status/")
        policy = page["Content-Security-Policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn("unsafe", policy)
        self.assertNotRegex(page.text, r"<style|<script>|style=|onclick")
        for name in re.findall(r'(?:href|src)="([^"]+)"', page.text):
            self.assertEqual(self.server.get("/status/" + name).status, 200, name)

    def test_status_from_the_command_line(self):
        conf = self.server.path("ostler.conf")
        text = harness.run_ostler("-s", "status", "-c", conf)
        self.assertEqual(text.returncode, 0, text.stderr)
        self.assertRegex(text.stdout, r"(?m)^requests: \d+, \d+ a second, \d+ under way$")
        done = harness.run_ostler("-s", "status", "--json", "-c", conf)
        self.assertEqual(done.returncode, 0, done.stderr)
        told = json.loads(done.stdout)
        self.assertEqual(told["server"]["pid"], self.server.pid)
        self.assertEqual(told["server"]["state"], "serving")
        self.assertEqual(set(told), set(self.status()))


class Off(harness.TestCase):
    FILES = {"www/status/index.html": "a file\n"}

    def test_it_is_off_unless_somebody_wants_it(self):
        self.assertEqual(self.server.get("/status/").text, "a file\n")


if __name__ == "__main__":
    harness.main()
