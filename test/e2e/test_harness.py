# test_harness.py - the harness finds what it promises to find; no ostler is needed for this.
import os
import socket
import stat
import tempfile
import threading
import time
import unittest

import harness
from wire import Connection, WireError

DATE = time.strftime("Date: %a, %d %b %Y %H:%M:%S GMT\r\n", time.gmtime())
OK = "HTTP/1.1 200 OK\r\n" + DATE

REFUSED = (
    ("a bare LF", OK.replace("\r\n", "\n") + "Content-Length: 0\n\n"),
    ("a status line of HTTP/1.0", "HTTP/1.0 200 OK\r\n" + DATE + "Content-Length: 0\r\n\r\n"),
    ("a space before the colon", OK + "Content-Length : 0\r\n\r\n"),
    ("a folded field", OK + "Content-Length: 0\r\nX: a\r\n b\r\n\r\n"),
    ("a NUL in a field", OK + "Content-Length: 0\r\nX: \0\r\n\r\n"),
    ("two lengths", OK + "Content-Length: 0\r\nContent-Length: 0\r\n\r\n"),
    ("length and chunked", OK + "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("no Date", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ("a Date of last year", "HTTP/1.1 200 OK\r\nDate: Tue, 15 Nov 1994 08:12:31 GMT\r\n"
                            "Content-Length: 0\r\n\r\n"),
    ("a length on a 204", "HTTP/1.1 204 No Content\r\n" + DATE + "Content-Length: 0\r\n\r\n"),
    ("no framing without close", OK + "\r\nhello"),
    ("a body cut short", OK + "Content-Length: 9\r\n\r\nhello"),
    ("a chunk size with 0x", OK + "Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n"),
    ("chunks without a last one", OK + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n"),
    ("bytes after the body", OK + "Content-Length: 1\r\n\r\nab"),
    ("a body on a 304", "HTTP/1.1 304 Not Modified\r\n" + DATE + "\r\nx"),
)

# A stand-in for ostler: logs, then waits for TERM.
STAND_IN = """#!/bin/sh
trap 'exit %d' TERM
%s
echo "2026-01-01 00:00:00.000 [info] $$: listening on 127.0.0.1:1" >&2
while :; do sleep 0.05; done
"""


class Wire(unittest.TestCase):
    def answer(self, text):
        """A connection to somebody who says `text` and closes."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def serve():
            peer, _ = listener.accept()
            with peer:
                peer.sendall(text.encode("latin-1"))
        thread = threading.Thread(target=serve)
        thread.start()
        connection = Connection(listener.getsockname(), timeout=10)
        self.addCleanup(connection.close)
        thread.join()
        return connection

    def test_a_good_response_is_read(self):
        c = self.answer(OK + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n"
                        + OK + "Content-Length: 2\r\n\r\nef"
                        + "HTTP/1.1 100 Continue\r\n\r\n" + OK + "Connection: close\r\n\r\ngh")
        self.assertEqual(c.read_response().body, b"abcd")
        self.assertEqual(c.read_response().body, b"ef")
        last = c.read_response()
        self.assertEqual((last.interim, last.body, last.framing), ([100], b"gh", "close"))
        c.expect_close()

    def test_what_is_not_http_is_refused(self):
        for what, text in REFUSED:
            with self.subTest(what):
                c = self.answer(text)
                with self.assertRaises(WireError):
                    c.read_response()
                    c.expect_close()


class Ends(unittest.TestCase):
    def server(self, commands="", status=0, allow=None):
        handle, path = tempfile.mkstemp(prefix="ostler-stand-in-")
        self.addCleanup(os.unlink, path)
        os.write(handle, (STAND_IN % (status, commands)).encode())
        os.close(handle)
        os.chmod(path, stat.S_IRWXU)
        return harness.Server(binary=path, allow=allow)

    def fails(self, pattern, **options):
        with self.assertRaisesRegex(AssertionError, pattern):
            self.server(**options).stop()

    def test_an_orderly_end_passes(self):
        server = self.server()
        self.assertEqual(server.addresses, [("127.0.0.1", 1)])
        server.stop()
        self.assertFalse(os.path.exists(server.dir))

    def test_a_wrong_exit_status_fails(self):
        self.fails("exit status 3", status=3)

    def test_a_process_left_behind_fails(self):
        server = self.server("sleep 300 &")
        server.kill(15)
        with self.assertRaisesRegex(AssertionError, "is left"):
            try:
                server.check_end(timeout=1)
            finally:
                server.destroy()

    def test_a_sanitizer_report_fails(self):
        self.fails("heap-use-after-free", commands='echo "heap-use-after-free" >reports/asan.1')
        self.fails("in the log", commands='echo "a.cc:1: broken invariant: x" >&2')

    def test_a_dead_worker_fails_unless_the_test_expects_it(self):
        died = 'echo "[error] 1: worker 12 was killed by signal 11" >&2'
        self.fails("in the log: .*signal 11", commands=died)
        self.server(commands=died, allow="worker 12").stop()

    def test_a_server_that_does_not_start_fails(self):
        with self.assertRaisesRegex(AssertionError, "the server ended"):
            self.server("exit 1")


class Configuration(unittest.TestCase):
    def test_what_is_missing_is_added(self):
        text = harness.complete_configuration('static: { root = "@DIR@"; };', "/d")
        self.assertIn('root = "/d"', text)
        self.assertRegex(text, r"(?m)^listen = ")
        self.assertRegex(text, r"(?m)^server: \{")

    def test_the_backend_of_the_environment_goes_into_the_server_group(self):
        before = os.environ.get("OSTLER_EVENT_BACKEND")
        os.environ["OSTLER_EVENT_BACKEND"] = "poll"
        try:
            text = harness.complete_configuration("server: { workers = 2; };", "/d")
        finally:
            if before is None:
                del os.environ["OSTLER_EVENT_BACKEND"]
            else:
                os.environ["OSTLER_EVENT_BACKEND"] = before
        self.assertIn('server: { event_backend = "poll"; workers = 2;', text)


if __name__ == "__main__":
    harness.main()
