# test_cgi_faults.py - scripts that do everything wrong, and the answer to each.
import os
import sys
import time

import harness
from cgi_case import PY, SH, CgiCase, put_script, zombies_of

LINUX = harness.unittest.skipUnless(sys.platform == "linux", "elsewhere only groups are ended")
# Two processes in sessions of their own, deaf; the parent of one is gone.  When both are there
# the script goes on.
SESSIONS = """
session='trap "" TERM HUP; echo; exec >/dev/null; while :; do sleep 1000; done'
{ (setsid sh -c "$session" &); (setsid sh -c "$session" & wait) & } | head -n 2 > /dev/null
"""
HEAD = "printf 'Content-Type: text/plain\\n\\n'\n"
C_SEGV = "kill -SEGV $$\n"


class Faults(CgiCase):
    HTTP = 'max_body = "20M";'
    CGI = 'timeout = "1s"; kill_after = "500ms";'

    def expect(self, script, status, log=None, **request):
        r = self.run_script(script, name="fault.cgi", target="fault.cgi", **request)
        self.assertEqual(r.status, status)
        if log:
            self.server.log.wait_for(r"cgi-bin/fault\.cgi: .*" + log)
        return r

    def expect_broken(self, script, log=None, version=b"1.1", fields=b""):
        """The head is good, and the client can tell that the content is not complete."""
        put_script(self.server, "fault.cgi", script)
        with self.server.connect() as c:
            c.send(b"GET /cgi-bin/fault.cgi HTTP/" + version + b"\r\nHost: a\r\n" + fields + b"\r\n")
            data = c.read_to_end()
            self.assertTrue(data.startswith(b"HTTP/1.1 200 "), data[:200])
            self.assertNotIn(b"\r\n0\r\n\r\n", data)
            if version == b"1.0":
                self.assertTrue(c.reset, "a clean close would pass for the end")
        if log:
            self.server.log.wait_for(r"cgi-bin/fault\.cgi: .*" + log)
        return data

    # --- header sections ------------------------------------------------------------

    def test_no_output(self):
        self.expect(SH, 502, "ended without an answer: exit status 0")

    def test_exit_1(self):
        self.expect(SH + "exit 1\n", 502, "ended without an answer: exit status 1")

    def test_exit_1_after_an_answer_is_only_logged(self):
        r = self.expect(SH + HEAD + "echo fine; exit 1\n", 200, "exit status 1")
        self.assertEqual(r.text, "fine\n")

    def test_no_empty_line(self):
        self.expect(SH + "echo 'Content-Type: text/plain'\n", 502, "before the empty line")

    def test_empty_line_first(self):
        self.expect(SH + "echo; echo hello\n", 502, "the header section is missing")

    def test_garbage_header(self):
        self.expect(SH + "echo 'Traceback (most recent call last)'; sleep 60\n", 502,
                    'not "name: value": Traceback')

    def test_only_unknown_fields(self):
        self.expect(SH + "echo 'Warning: x'; echo; echo y\n", 502, "no Content-Type")

    def test_header_of_200_kb(self):
        self.expect(PY + "print('X: ' + 'x' * 200000)\n", 502, "larger than 32 KiB")

    def test_20000_fields(self):
        self.expect(PY + "print('X: y\\n' * 20000)\n", 502, "more than 100 fields")

    def test_status_out_of_range(self):
        for status in ("999", "101 Switching", "100", "abc", "", "-200", "2000", "600"):
            with self.subTest(status):
                self.expect(SH + "printf 'Status: %s\\nContent-Type: a/b\\n\\n'\n" % status, 502,
                            "200 to 599")

    def test_controls_in_a_value(self):
        for what in ("a\\rSet-Cookie: x=y", "a\\000b", "a\\001b", "a\\177b"):
            with self.subTest(what):
                r = self.expect(SH + "printf 'Content-Type: a/b\\nX: %s\\n\\n'\n" % what, 502,
                                "control character")
                self.assertIsNone(r.get("Set-Cookie"))

    def test_transfer_encoding(self):
        self.expect(SH + "printf 'Content-Type: a/b\\nTransfer-Encoding: chunked\\n\\n0\\r\\n\\r\\n'\n",
                    502, "Transfer-Encoding")

    def test_content_length_that_is_no_number_or_comes_twice(self):
        for field in ("Content-Length: x", "Content-Length: -1", "Content-Length: 1,1",
                      "Content-Length: 5\\nContent-Length: 5",
                      "Content-Length: 5\\nContent-Length: 6"):
            with self.subTest(field):
                self.expect(SH + "printf 'Content-Type: a/b\\n%s\\n\\nhello'\n" % field, 502,
                            "Content-Length")

    def test_the_header_of_a_script_that_stays_silent(self):
        self.expect(SH + "printf 'Content-Type: a/b\\n'; sleep 60\n", 504, "silent for longer")

    # --- content --------------------------------------------------------------------

    def test_longer_than_its_content_length_is_cut_and_the_script_ended(self):
        r = self.expect(PY + "import signal\nprint('Content-Type: a/b\\nContent-Length: 5\\n\\n' +"
                        " 'x' * 500000, flush=True)\ntime.sleep(60)\n", 200,
                        "more output than its Content-Length")
        self.assertEqual((r.body, r.framing), (b"xxxxx", "length"))
        self.wait_nothing_is_left()

    def test_shorter_than_its_content_length(self):
        data = self.expect_broken(SH + "printf 'Content-Type: a/b\\nContent-Length: 50\\n\\nshort'\n",
                                  "45 bytes before its Content-Length")
        self.assertTrue(data.endswith(b"\r\n\r\nshort"))

    def test_a_crash_before_the_header(self):
        self.expect(SH + C_SEGV, 502, "ended without an answer: SIGSEGV")
        self.server.log.wait_for(r"fault\.cgi: killed by SIGSEGV \(11\)")

    def test_a_crash_after_the_header(self):
        self.expect_broken(SH + HEAD + C_SEGV, "killed by SIGSEGV")

    def test_a_crash_in_the_content(self):
        for version in (b"1.1", b"1.0"):
            data = self.expect_broken(SH + HEAD + "echo half; sleep 0.2\n" + C_SEGV,
                                      "killed by SIGSEGV", version)
            self.assertIn(b"half", data)

    def test_a_kill_in_the_content(self):
        self.expect_broken(SH + HEAD + "head -c 300000 /dev/zero; kill -KILL $$\n", "SIGKILL")

    def test_silence_in_the_content(self):
        self.expect_broken(SH + HEAD + "echo half; sleep 60\n", "silent for longer than cgi.timeout")
        self.wait_nothing_is_left()

    def test_closing_stdout_is_the_end_of_the_answer(self):
        start = time.monotonic()
        r = self.expect(SH + HEAD + "echo done; exec >&-; sleep 0.5\n", 200)
        self.assertEqual(r.text, "done\n")
        self.assertLess(time.monotonic() - start, 20)  # not until somebody kills it
        self.server.log.wait_for("fault.cgi: exit status 0")

    def test_closing_stdout_and_living_on_ends_at_the_limit_of_silence(self):
        self.expect(SH + HEAD + "echo done; exec >&-; sleep 60\n", 200, "silent for longer")
        self.wait_nothing_is_left()

    def test_a_grandchild_that_keeps_the_pipe_does_not_hold_the_answer(self):
        r = self.expect(SH + HEAD + "sleep 60 & echo answer\n", 200, "left behind are ended")
        self.assertEqual(r.text, "answer\n")
        self.wait_nothing_is_left()

    def test_3_mb_of_stderr_first(self):
        r = self.expect(PY + "for i in range(30000): sys.stderr.write('e' * 99 + '\\n')\n"
                        "sys.stderr.flush()\nprint('Content-Type: text/plain\\n\\nstill here')\n", 200)
        self.assertEqual(r.text, "still here\n")
        self.server.log.wait_for(r"stderr: \[\d+ lines with \d+ bytes left out")
        self.assertLess(len(self.server.log.matching("stderr: e{99}")), 200)

    def test_stderr_is_escaped_and_named(self):
        self.expect(SH + "printf 'a\\033[31mb\\nsecond [error] 1 fake\\n' >&2\n" + HEAD, 200)
        line = self.server.log.wait_for("stderr: a")
        self.assertIn("stderr: a\\x1b[31mb", line)
        self.assertRegex(line, r"client 127\.0\.0\.1 req [0-9a-f]+.*cgi: /\S+/fault\.cgi: stderr")
        self.server.log.wait_for(r"fault\.cgi: stderr: second")

    def test_5_mb_of_input_that_nobody_reads(self):
        r = self.expect(SH + HEAD + "echo ignored\n", 200, method="POST", body=b"x" * 5_000_000)
        self.assertEqual(r.text, "ignored\n")

    def test_input_is_read_a_little_and_left(self):
        r = self.expect(SH + HEAD + "head -c 10; exec <&-; sleep 0.1; echo end\n", 200,
                        method="POST", body=b"y" * 3_000_000)
        self.assertEqual(r.text, "y" * 10 + "end\n")

    # --- what does not end ------------------------------------------------------------

    def test_sleeping_for_ever(self):
        self.expect(SH + "sleep 1000\n", 504, "silent for longer than cgi.timeout")
        self.wait_nothing_is_left()

    def test_sleeping_for_ever_and_deaf(self):
        self.expect(SH + "trap '' TERM; while :; do sleep 1; done\n", 504, "silent for longer")
        self.server.log.wait_for("killed by SIGKILL")
        self.wait_nothing_is_left()

    def test_forking_for_ever(self):
        self.expect(SH + "trap '' TERM\nwhile :; do sleep 1000 & done 2>/dev/null\n", 504, "silent")
        self.wait_nothing_is_left()

    # --- scripts that cannot run --------------------------------------------------------

    def test_what_is_wrong_before_it_runs_and_the_remedy(self):
        rows = [
            # text, mode, log
            ("#!/no/such/interpreter\n", 0o755, r'"/no/such/interpreter" does not exist: install'),
            ("#!/usr/bin/env no-such-program\n", 0o755, r'"no-such-program" is not on the PATH'),
            ("#!/bin/sh\r\necho\r\n", 0o755, r"ends in CR LF.*: use LF: sed"),
            ("#!sh\n", 0o755, "not an absolute path"),
            ("\ufeff#!/bin/sh\n", 0o755, "byte order mark"),
            ("echo hello\n", 0o755, 'no "#!" line'),
            ("", 0o755, "empty"),
            (SH + HEAD, 0o644, r"not executable.*: chmod \+x /"),
            (SH + HEAD, 0o777, r"everybody may write it: chmod o-w /"),
        ]
        for text, mode, log in rows:
            with self.subTest(log):
                put_script(self.server, "fault.cgi", text, mode)
                r = self.server.get("/cgi-bin/fault.cgi")
                self.assertEqual(r.status, 500)
                self.assertNotIn(text.strip() or "\0", r.text)  # not its source
                self.server.log.wait_for(r"\[error\].*cgi-bin/fault\.cgi: .*" + log)

    def test_a_directory_is_no_script(self):
        os.makedirs(self.server.path("cgi-bin/folder"), exist_ok=True)
        for path in ("/cgi-bin/", "/cgi-bin/folder", "/cgi-bin/folder/"):
            self.assertEqual(self.server.get(path).status, 403)

    def test_a_device_or_fifo_is_no_script(self):
        os.mkfifo(self.server.path("cgi-bin/fifo"))
        self.assertEqual(self.server.get("/cgi-bin/fifo").status, 403)

    def test_what_is_not_there(self):
        for path in ("/cgi-bin/none", "/cgi-bin/none/x", "/cgi-bin/none/"):
            self.assertEqual(self.server.get(path).status, 404)

    @harness.unittest.skipUnless(os.geteuid() == 0, "only root gives files away")
    def test_a_symbolic_link_out_of_the_root_needs_the_same_owner(self):
        put_script(self.server, "elsewhere/x.cgi", SH + HEAD + "echo linked\n")
        link = self.server.path("cgi-bin/link.cgi")
        os.symlink(self.server.path("elsewhere/x.cgi"), link)
        self.assertEqual(self.server.get("/cgi-bin/link.cgi").text, "linked\n")
        os.lchown(link, 65534, 65534)
        self.assertEqual(self.server.get("/cgi-bin/link.cgi").status, 403)
        self.server.log.wait_for("symbolic link leads where it must not")


class Links(harness.TestCase):
    CONFIG = """
modules: { cgi = true; };
locations = ( { path = "/inside/"; cgi: { root = "@DIR@/b"; symlinks = "inside"; }; },
              { path = "/none/"; cgi: { root = "@DIR@/b"; symlinks = "none"; }; } );
"""
    FILES = {"b/.x": ""}

    def test_a_symbolic_link_out_of_the_root(self):
        put_script(self.server, "b/x.cgi", SH + HEAD + "echo linked\n")
        put_script(self.server, "secret/x.cgi", SH + HEAD + "echo secret\n")
        os.symlink("x.cgi", self.server.path("b/here.cgi"))
        os.symlink(self.server.path("secret/x.cgi"), self.server.path("b/out.cgi"))
        os.symlink("../secret", self.server.path("b/folder"))
        self.assertEqual(self.server.get("/inside/here.cgi").text, "linked\n")
        self.assertEqual(self.server.get("/none/here.cgi").status, 403)
        for path in ("/inside/out.cgi", "/inside/folder/x.cgi", "/none/out.cgi", "/none/folder/x.cgi"):
            r = self.server.get(path)
            self.assertEqual(r.status, 403, path)
            self.assertNotIn("secret\n", r.text)


class Leaving(CgiCase):
    """Clients that go away."""

    def leave(self, script, head, abort=False, wait_for=None):
        put_script(self.server, "gone.cgi", script)
        c = self.server.connect()
        c.send(head)
        if wait_for:
            c.read_until(wait_for)
        harness.wait_until(self.alive, "the script does not run")
        c.abort() if abort else c.close()
        self.wait_nothing_is_left(6)
        for worker in self.server.workers():
            harness.wait_until(lambda w=worker: not zombies_of(w), "zombies of the worker")

    GET = b"GET /cgi-bin/gone.cgi HTTP/1.1\r\nHost: a\r\n\r\n"
    DEAF = "trap '' TERM HUP PIPE; sleep 1000 & (sleep 1000; sleep 1000) & "

    def sleepers(self):
        names = []
        for pid in self.alive():
            try:
                with open("/proc/%d/comm" % pid, encoding="ascii") as f:
                    names.append(f.read().strip())
            except OSError:
                pass  # it has ended
        return names.count("sleep")

    def test_before_the_header(self):
        self.leave(SH + self.DEAF + "sleep 1000; sleep 1000\n", self.GET)

    def test_before_the_header_with_a_reset(self):
        self.leave(SH + "sleep 1000\n", self.GET, abort=True)

    def test_in_silent_content(self):
        self.leave(SH + self.DEAF + HEAD + "echo one; sleep 1000; sleep 1000\n", self.GET,
                   wait_for=b"one")

    def test_in_flowing_content(self):
        self.leave(SH + HEAD + "yes\n", self.GET, wait_for=b"y\n")

    def test_in_its_own_content(self):
        self.leave(SH + "cat >/dev/null\n" + HEAD,
                   b"POST /cgi-bin/gone.cgi HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc")

    @LINUX
    def test_in_sessions_of_their_own(self):
        self.leave(SH + SESSIONS + HEAD + "echo one; sleep 1000; sleep 1000\n", self.GET,
                   wait_for=b"one")

    @LINUX
    def test_what_is_left_in_sessions_of_their_own_is_ended_after_an_answer(self):
        put_script(self.server, "gone.cgi", SH + SESSIONS + HEAD + "echo one\n")
        self.assertEqual(self.server.get("/cgi-bin/gone.cgi").text, "one\n")
        self.wait_nothing_is_left(6)

    @LINUX
    def test_what_another_script_left_in_its_own_session_does_not_count(self):
        put_script(self.server, "stays.cgi", SH + SESSIONS + HEAD + "echo one; sleep 1000\n")
        with self.server.connect() as c:
            c.send(b"GET /cgi-bin/stays.cgi HTTP/1.1\r\nHost: a\r\n\r\n")
            c.read_until(b"one\n")
            # Both sessions and the script sleep: nothing more comes, so what comes is another's.
            harness.wait_until(lambda: self.sleepers() == 3, "it does not sleep")
            before = set(self.alive())
            self.assertGreater(len(before), 5)
            put_script(self.server, "gone.cgi", SH + SESSIONS + HEAD + "echo two\n")
            self.assertEqual(self.server.get("/cgi-bin/gone.cgi").text, "two\n")
            harness.wait_until(lambda: set(self.alive()) <= before, "the other's are left", 6)
            self.assertEqual(set(self.alive()), before)
        self.wait_nothing_is_left(6)

    def test_a_stopped_script(self):
        self.leave(SH + HEAD + "echo one; kill -STOP $$\n", self.GET, wait_for=b"one")


class Slow(CgiCase):
    CGI = 'timeout = "60s";'

    @harness.unittest.skipUnless(os.path.exists("/proc/self/statm"), "needs /proc")
    def test_10_gb_to_a_slow_client_cost_no_memory(self):
        put_script(self.server, "flood.cgi", SH + HEAD + "head -c 10000000000 /dev/zero\n")

        def memory():
            with open("/proc/%d/statm" % self.server.workers()[0]) as f:
                return int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE")

        self.server.get("/")
        before = memory()
        with self.server.connect(receive_buffer=4096) as c:
            c.send(b"GET /cgi-bin/flood.cgi HTTP/1.1\r\nHost: a\r\n\r\n")
            most = 0
            for _ in range(40):
                c.socket.recv(1024)
                time.sleep(0.025)
                most = max(most, memory())
            self.assertLess(most - before, (64 if self.server.is_sanitized() else 1) << 20)
        self.wait_nothing_is_left()


if __name__ == "__main__":
    harness.main()
