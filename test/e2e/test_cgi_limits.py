# test_cgi_limits.py - how much scripts may use, who waits, what the logs tell, what is explained.
import os
import threading

import harness
from cgi_case import PY, SH, CgiCase, family_of, processes_with, put_script

HEAD = "printf 'Content-Type: text/plain\\n\\n'\n"
# Runs until the test opens @DIR@/gate for writing and closes it again.
HELD = SH + "cat < $OSTLER_TEST/gate > /dev/null\n" + HEAD + "echo $0\n"


class Queue(CgiCase):
    CGI = ('concurrent = 4; concurrent_per_script = 3; queue = 5; queue_time = "1s"; timeout = "30s";')
    SCRIPTS = {"held.sh": HELD, "other.sh": SH + HEAD + "echo other\n"}
    FILES = {"www/index.html": "static\n"}

    def setUp(self):
        gate = self.server.path("gate")
        if not os.path.exists(gate):
            os.mkfifo(gate)
            os.chmod(gate, 0o666)

    def open_gate(self):
        """Lets everybody out who waits; those who come later wait again."""
        try:
            os.close(os.open(self.server.path("gate"), os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            pass  # nobody waits

    def ask(self, count, path="/cgi-bin/held.sh"):
        clients = [self.server.connect() for _ in range(count)]
        for c in clients:
            self.addCleanup(c.close)
            c.send(b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % path.encode())
        return clients

    def test_200_clients_on_a_script_that_sleeps(self):
        clients = self.ask(200)
        # 3 run, 5 wait, the rest is told at once to come again.
        answers = []
        threads = [threading.Thread(target=lambda c=c: answers.append(c.read_response())) for c in clients]
        for t in threads:
            t.start()
        harness.wait_until(lambda: len(answers) >= 192, "refusals")
        self.assertEqual({r.status for r in answers[:192]}, {503})
        self.assertTrue(all(int(r["Retry-After"]) > 0 for r in answers[:192]))
        self.assertEqual(len(self.alive()) >= 3, True)
        # Others are served meanwhile: files, and another script.
        self.assertEqual(self.server.get("/").text, "static\n")
        self.assertEqual(self.server.get("/cgi-bin/other.sh").text, "other\n")
        # Those in the queue give up after a second.
        harness.wait_until(lambda: len(answers) >= 197, "the end of the queue's time")
        self.assertEqual({r.status for r in answers}, {503})
        harness.wait_until(lambda: self.open_gate() or len(answers) == 200, "the answers")
        for t in threads:
            t.join()
        self.assertEqual(sorted(r.status for r in answers), [200] * 3 + [503] * 197)
        self.server.log.wait_for(r"held\.sh: the queue is full")
        self.server.log.wait_for(r"held\.sh: no turn within cgi.queue_time")
        self.wait_nothing_is_left()

    def test_turns_pass_on(self):
        clients = self.ask(8)
        harness.wait_until(lambda: len(self.alive()) >= 3, "three runs")
        answers = []
        threads = [threading.Thread(target=lambda c=c: answers.append(c.read_response())) for c in clients]
        for t in threads:
            t.start()
        harness.wait_until(lambda: self.open_gate() or len(answers) == 8, "the answers")
        self.assertEqual([r.status for r in answers], [200] * 8)

    def test_who_leaves_the_queue_frees_his_place(self):
        clients = self.ask(8)
        harness.wait_until(lambda: len(self.alive()) >= 3, "three runs")
        for c in clients[3:]:
            c.abort()
        harness.wait_until(lambda: len(self.alive()) >= 3, "three runs")
        for c in clients[:3]:
            c.abort()
        self.wait_nothing_is_left()
        self.assertEqual(self.server.get("/cgi-bin/other.sh").text, "other\n")


class QueueOfAllWorkers(Queue):
    """The same limits count over all workers."""
    WORKERS = 4

    def test_one_at_a_time(self):
        put_script(self.server, "held.sh", HELD)
        conf = """
server: { workers = 4; };
modules: { cgi = true; };
cgi: { root = "@DIR@/b"; concurrent_per_script = 1; environment: { OSTLER_TEST = "@DIR@"; }; };
"""
        script = SH + ("mkdir $OSTLER_TEST/one 2>/dev/null || exit 9\n" + HEAD +
                       "sleep 0.01; rmdir $OSTLER_TEST/one; echo alone\n")
        with harness.Server(conf, {"b/.x": ""}) as server:
            os.chmod(server.dir, 0o777)
            put_script(server, "b/x", script)
            wrong = []

            def ask():
                for _ in range(10):
                    r = server.get("/x")
                    if (r.status, r.text) != (200, "alone\n"):
                        wrong.append((r.status, r.text))
            threads = [threading.Thread(target=ask) for _ in range(12)]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
            self.assertEqual(wrong, [])

    def test_what_a_dead_worker_counted_is_free(self):
        conf = """
server: { workers = 2; };
modules: { cgi = true; };
cgi: { root = "@DIR@/b"; concurrent = 1; queue_time = "10s"; environment: { OSTLER_TEST = "@DIR@"; }; };
"""
        with harness.Server(conf, {"b/.x": ""}, allow="died: killed by SIGKILL") as server:
            put_script(server, "b/long", SH + HEAD + "echo on; sleep 1000\n")
            put_script(server, "b/short", SH + HEAD + "echo fine\n")
            with server.connect() as c:
                c.send(b"GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
                c.read_until(b"on\n")
                mark = "OSTLER_TEST=" + server.dir
                script = next(p for p in processes_with(mark))
                busy = [w for w in server.workers() if script in [p for p, _ in family_of(w)]]
                os.kill(busy[0], 9)
                self.assertEqual(server.get("/short").text, "fine\n")


class Limits(CgiCase):
    CGI = ('timeout = "20s"; wall_time = "2s"; memory = "200M"; files = 20; '
           'output = "1M"; kill_after = "500ms";')

    def test_wall_clock(self):
        put_script(self.server, "x.cgi", SH + HEAD + "while :; do echo x; sleep 0.1; done\n")
        with self.server.connect() as c:
            c.send(b"GET /cgi-bin/x.cgi HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertFalse(c.read_to_end().endswith(b"\r\n0\r\n\r\n"))
        self.server.log.wait_for("longer than cgi.wall_time")
        self.wait_nothing_is_left()

    def test_processor_time(self):
        conf = 'modules: { cgi = true; }; cgi: { root = "@DIR@/b"; cpu_time = "1s"; };'
        with harness.Server(conf, {"b/.x": ""}) as server:
            put_script(server, "b/x", SH + "while :; do :; done\n")
            self.assertEqual(server.get("/x").status, 502)
            server.log.wait_for("SIGXCPU.*more than cgi.cpu_time")

    def test_memory(self):
        r = self.run_script(PY + "x = bytearray(400 << 20)\n")
        self.assertEqual(r.status, 502)
        self.server.log.wait_for("stderr: MemoryError")

    def test_descriptors(self):
        r = self.run_script(PY + "print('Content-Type: a/b\\n')\nfs = []\ntry:\n"
                            "  for i in range(100): fs.append(os.open('/dev/null', 0))\n"
                            "except OSError: print(len(fs) + 3)\n")
        self.assertEqual(r.text, "20\n")

    def test_output(self):
        put_script(self.server, "x.cgi", SH + HEAD + "head -c 2000000 /dev/zero\n")
        with self.server.connect() as c:
            c.send(b"GET /cgi-bin/x.cgi HTTP/1.1\r\nHost: a\r\n\r\n")
            data = c.read_to_end()
        self.assertFalse(data.endswith(b"\r\n0\r\n\r\n"))
        self.assertLess(len(data), 1_300_000)
        self.server.log.wait_for("more output than cgi.output allows")

    def test_header_time(self):
        conf = 'modules: { cgi = true; }; cgi: { root = "@DIR@/b"; header_timeout = "500ms"; };'
        with harness.Server(conf, {"b/x": ""}) as server:
            put_script(server, "b/x", SH + "while :; do printf 'X: y\\n'; sleep 0.1; done\n")
            self.assertEqual(server.get("/x").status, 504)
            server.log.wait_for("no header section within cgi.header_timeout")


class Processes(harness.TestCase):
    @harness.unittest.skipUnless(os.geteuid() == 0, "needs to become somebody else")
    def test_processes_of_the_user(self):
        conf = """
server: { workers = 1; user = "games"; };
modules: { cgi = true; };
cgi: { root = "@DIR@/b"; processes = 40; timeout = "2s"; };
"""
        with harness.Server(conf, {"b/x": ""}) as server:
            put_script(server, "b/x", SH + HEAD + "i=0; while [ $i -lt 200 ]; do sleep 60 & "
                       "i=$((i+1)); echo $i; done 2>/dev/null\n")
            r = server.get("/x")
            self.assertLess(int(r.text.split()[-1]), 41)


class Logs(CgiCase):
    FILES = {"www/index.html": "x"}

    def test_every_run_is_told_with_what_it_used(self):
        self.run_script(SH + HEAD + "exit 7\n")
        line = self.server.log.wait_for(r"x\.cgi: exit status 7")
        self.assertRegex(line, r"\[warn\] .*client 127\.0\.0\.1 req \w+.*: cgi: /\S+/x\.cgi: exit status 7, "
                               r"wall \d+ ms, cpu \d+ ms, memory (at most )?\d+ KiB$")

    def test_log_variables(self):
        conf = """
modules: { cgi = true; accesslog = true; };
accesslog: { file = "@DIR@/access"; format = "%{cgi_status}v %{cgi_signal}v %{cgi_wall}v %{cgi_cpu}v %{cgi_memory}v"; };
cgi: { root = "@DIR@/b"; };
"""
        with harness.Server(conf, {"b/.x": ""}) as server:
            put_script(server, "b/fine", SH + HEAD + "exit 3\n")
            put_script(server, "b/crash", SH + "kill -SEGV $$\n")
            put_script(server, "b/own", SH + "printf 'Content-Type: a/b\\nContent-Length: 2\\n\\nab'; exit 4\n")
            put_script(server, "b/empty", SH + "printf 'Content-Type: a/b\\nContent-Length: 0\\n\\n'; exit 5\n")
            put_script(server, "b/more", SH + "printf 'Content-Type: a/b\\nContent-Length: 2\\n\\nabc'; exec sleep 60\n")
            put_script(server, "b/lives", SH + "printf 'Content-Type: a/b\\nContent-Length: 2\\n\\nab'; exec >&- 2>&- sleep 60\n")
            rows = [
                ("/fine", r"^3 - \d+ \d+ \d+$"),
                ("/crash", r"^- SIGSEGV \d+ \d+ \d+$"),
                ("/own", r"^4 - \d+ \d+ \d+$"),
                ("/empty", r"^5 - \d+ \d+ \d+$"),
                ("/more", r"^- SIGTERM \d+ \d+ \d+$"),
                ("/lives", r"^- - \d+ - -$"),  # on the error log, once it ends
            ]

            def lines():
                with open(server.path("access")) as f:
                    return f.read().splitlines()
            for i, (path, pattern) in enumerate(rows):
                with self.subTest(path):
                    r = server.get(path)
                    if r.status == 200 and path not in ("/fine", "/empty"):
                        self.assertEqual(r.text, "ab")
                    harness.wait_until(lambda: len(lines()) == i + 1, "a line for " + path)
                    self.assertRegex(lines()[i], pattern)


class Explain(harness.TestCase):
    CONFIG = """
modules: { cgi = true; };
cgi: { root = "@DIR@/b"; explain = true; timeout = "1s"; };
"""
    FILES = {"b/.x": ""}

    def test_the_page_says_what_is_wrong_and_what_helps(self):
        put_script(self.server, "b/<i>.cgi", "#!/bin/sh\r\necho\r\n")
        r = self.server.get("/%3Ci%3E.cgi")
        self.assertEqual((r.status, r["Content-Type"]), (500, "text/html; charset=utf-8"))
        self.assertIn("ends in CR LF", r.text)
        self.assertIn("sed -i", r.text)
        self.assertIn("&lt;i&gt;.cgi", r.text)
        self.assertNotIn("<i>", r.text)

    def test_it_shows_what_the_script_wrote_to_stderr(self):
        put_script(self.server, "b/x.cgi", SH + "echo '<b>why</b>' >&2; exit 4\n")
        r = self.server.get("/x.cgi")
        self.assertEqual(r.status, 502)
        self.assertIn("exit status 4", r.text)
        self.assertIn("&lt;b&gt;why&lt;/b&gt;", r.text)


class Many(CgiCase):
    HTTP = "keep_alive_requests = 1000000;"
    SCRIPTS = {"true.sh": SH + HEAD}

    @harness.unittest.skipUnless(os.path.isdir("/proc/self/fd"), "needs /proc")
    def test_descriptors_and_processes_do_not_pile_up(self):
        """1,000 runs; OSTLER_CGI_RUNS asks for more."""
        self.server.get("/cgi-bin/true.sh")
        worker = self.server.workers()[0]
        own = []

        def open_files():
            return [len(os.listdir("/proc/%d/fd" % p)) for p in own]
        count = int(os.environ.get("OSTLER_CGI_RUNS", "1000"))
        with self.server.connect() as c:
            harness.wait_until(lambda: len(family_of(worker)) == 2, "the first script is still there")
            own[:] = [p for p, _ in family_of(worker)]  # and its spawner
            c.exchange("GET", "/cgi-bin/true.sh", [])
            before = open_files()
            for _ in range(count):
                self.assertEqual(c.exchange("GET", "/cgi-bin/true.sh", []).status, 200)
            # Fewer is fine: of the runs before the count something may still have been open.
            harness.wait_until(lambda: all(n <= b for n, b in zip(open_files(), before)),
                               "descriptors are left")
        harness.wait_until(lambda: [p for p, _ in family_of(worker)] == own, "processes are left")

    def test_with_background_what_a_script_leaves_goes_on(self):
        conf = ('server: { workers = 1; }; modules: { cgi = true; }; cgi: { root = "@DIR@/b"; '
                'background = true; environment: { OSTLER_TEST = "@DIR@"; }; };')
        with harness.Server(conf, {"b/.x": ""}) as server:
            put_script(server, "b/x", SH + "sleep 30 >/dev/null 2>&1 & setsid sleep 30 >/dev/null 2>&1 & " + HEAD + "exit 0\n")
            self.assertEqual(server.get("/x").status, 200)
            mark = "OSTLER_TEST=" + server.dir
            harness.wait_until(lambda: len(processes_with(mark)) == 2, "two processes")
            put_script(server, "b/y", SH + "sleep 1000 & " + HEAD + "echo on; sleep 1000\n")
            with server.connect() as c:
                c.send(b"GET /y HTTP/1.1\r\nHost: a\r\n\r\n")
                c.read_until(b"on\n")
            harness.wait_until(lambda: len(processes_with(mark)) == 2, "the cancelled one is left", 6)
            for pid in processes_with(mark):
                os.kill(pid, 9)

    def test_scripts_end_with_the_server(self):
        server = harness.Server("server: { workers = 1; stop_timeout = \"300ms\"; };\n" +
                                'modules: { cgi = true; }; cgi: { root = "@DIR@/b"; '
                                'environment: { OSTLER_TEST = "@DIR@"; }; };', {"b/.x": ""})
        with server:
            put_script(server, "b/x", SH + "trap '' TERM; sleep 1000 & " + HEAD + "echo on; sleep 1000; sleep 1000\n")
            with server.connect() as c:
                c.send(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
                c.read_until(b"on\n")
                server.stop()
            harness.wait_until(lambda: not processes_with("OSTLER_TEST=" + server.dir), "scripts are left", 6)


if __name__ == "__main__":
    harness.main()
