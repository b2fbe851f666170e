# test_cgi.py - scripts run, stream, and are found; nothing of theirs is sent as a file.
import os
import threading

import harness
from cgi_case import PY, SH, CgiCase, put_script, zombies_of


class Basics(CgiCase):
    HTTP = 'max_body = "20M";'
    SCRIPTS = {
        "hello.sh": SH + 'printf "Content-Type: text/plain\\n\\nhello\\n"\n',
        "echo.py": PY + "data = sys.stdin.buffer.read()\n"
                   "print('Content-Type: application/octet-stream\\nX-Length:', "
                   "os.environ.get('CONTENT_LENGTH', 'none'), end='\\n\\n', flush=True)\n"
                   "sys.stdout.buffer.write(data)\n",
        "cat.sh": SH + 'printf "Content-Type: application/octet-stream\\n\\n"; exec cat\n',
        "login.sh": SH + 'printf "Content-Type: text/plain\\nX-Session-Set: password=hunter2\\n'
                         'x-replace-session: a=b\\nX-Sessions: 7\\n\\nin"\n',
        "status.sh": SH + 'printf "Status: $QUERY_STRING\\nContent-Type: text/plain\\n\\nbody"\n',
    }

    def test_a_script_answers(self):
        r = self.server.get("/cgi-bin/hello.sh")
        self.assertEqual((r.status, r.text, r.framing), (200, "hello\n", "chunked"))
        self.assertEqual(r["Content-Type"], "text/plain")

    def test_many_requests_on_one_connection_leave_no_zombie(self):
        with self.server.connect() as c:
            for _ in range(50):
                self.assertEqual(c.exchange("GET", "/cgi-bin/hello.sh", []).text, "hello\n")
        for worker in self.server.workers():
            harness.wait_until(lambda w=worker: not zombies_of(w), "zombies of the worker")

    def test_the_status_is_the_scripts(self):
        for status in ("200", "201 Created", "404 Not Found", "503 Later", "299", "599 x"):
            r = self.server.get("/cgi-bin/status.sh?" + status.replace(" ", "%20").split("%")[0])
            self.assertEqual(r.status, int(status[:3]))
            self.assertEqual(r.text, "body")

    def test_what_is_for_a_session_goes_to_nobody_where_there_is_none(self):
        r = self.server.get("/cgi-bin/login.sh")
        self.assertEqual((r.status, r.text, r["X-Sessions"]), (200, "in", "7"))
        self.assertNotRegex(str(r), "(?i)x-(session-set|replace-session)")

    def test_no_content_has_none(self):
        for status in (204, 304):
            r = self.server.get("/cgi-bin/status.sh?%d" % status)
            self.assertEqual((r.status, r.body, r.framing), (status, b"", "none"))

    def test_a_head_request_gets_the_head(self):
        r = self.server.head("/cgi-bin/hello.sh")
        self.assertEqual((r.status, r.body, r["Content-Type"]), (200, b"", "text/plain"))

    def test_http_1_0_gets_the_content_and_a_close(self):
        answer = self.server.raw(b"GET /cgi-bin/hello.sh HTTP/1.0\r\n\r\n")
        self.assertTrue(answer.endswith(b"\r\n\r\nhello\n"))
        self.assertNotIn(b"chunked", answer)

    def test_request_content_arrives_with_its_length(self):
        for size in (0, 1, 65535, 65536, 65537, 3_000_000):
            data = os.urandom(size)
            r = self.server.request("POST", "/cgi-bin/echo.py", body=data)
            self.assertEqual(r["X-Length"], str(size))
            self.assertEqual(r.body, data)

    def test_content_streams_both_ways_at_once(self):
        data = os.urandom(16_000_000)  # more than all pipes and sockets hold
        with self.server.connect() as c:
            sender = threading.Thread(target=c.send, args=(harness.make_request(
                "POST", "/cgi-bin/cat.sh", [("Connection", "close")], data),))
            sender.start()
            r = c.read_response("POST")
            sender.join()
        self.assertTrue(r.body == data)

    def test_chunked_content_is_collected_to_tell_its_length(self):
        for size in (0, 10, 65536, 70_000, 2_000_000):
            data = os.urandom(size)
            coded = b"".join(b"%x\r\n%s\r\n" % (len(data[i:i + 50_000]), data[i:i + 50_000])
                             for i in range(0, size, 50_000)) + b"0\r\n\r\n"
            with self.server.connect() as c:
                c.send(b"POST /cgi-bin/echo.py HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                       b"Connection: close\r\n\r\n" + coded)
                r = c.read_response("POST")
            self.assertEqual((r["X-Length"], r.body), (str(size), data))

    def test_chunked_content_above_the_limit_is_413(self):
        chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
        with self.server.connect() as c:
            c.send(b"POST /cgi-bin/echo.py HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            try:
                for _ in range(30):
                    c.send(chunk)
            except OSError:
                pass
            self.assertEqual(c.read_response("POST").status, 413)

    def test_content_of_a_get_is_not_the_scripts(self):
        r = self.server.request("GET", "/cgi-bin/echo.py", body=b"hello")
        self.assertEqual((r["X-Length"], r.body), ("none", b""))

    def test_events_arrive_as_they_are_written(self):
        put_script(self.server, "events.py", PY + """
print("Content-Type: text/event-stream", end="\\n\\n", flush=True)
for i in range(3):
    print("data:", i, end="\\n\\n", flush=True)
    sys.stdin.buffer.read(1)   # waits until the client has seen it
""")
        with self.server.connect() as c:
            c.send(b"POST /cgi-bin/events.py HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n")
            for i in range(3):
                c.read_until(b"data: %d\n\n" % i)
                c.send(b"x")
            c.read_until(b"0\r\n\r\n")

    def test_content_arrives_at_the_script_as_it_is_sent(self):
        put_script(self.server, "ack.py", PY + """
print("Content-Type: text/plain", end="\\n\\n", flush=True)
for _ in range(3):
    print("got", sys.stdin.buffer.read(1).decode(), flush=True)
""")
        with self.server.connect() as c:
            c.send(b"POST /cgi-bin/ack.py HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n")
            for letter in (b"a", b"b", b"c"):
                c.send(letter)
                c.read_until(b"got " + letter)

    def test_expect_continue_is_answered_when_a_script_reads(self):
        with self.server.connect() as c:
            c.send(b"POST /cgi-bin/echo.py HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
                   b"Expect: 100-continue\r\nConnection: close\r\n\r\n")
            c.read_until(b"HTTP/1.1 100 Continue\r\n\r\n")
            c.send(b"ab")
            self.assertTrue(c.read_to_end().endswith(b"ab\r\n0\r\n\r\n"))

    def test_trace_and_connect_reach_no_script(self):
        self.assertEqual(self.server.request("TRACE", "/cgi-bin/hello.sh").status, 405)

    def test_other_methods_do(self):
        put_script(self.server, "method.sh", SH + 'printf "Content-Type: a/b\\n\\n$REQUEST_METHOD"\n')
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"):
            self.assertEqual(self.server.request(method, "/cgi-bin/method.sh").text, method)


if __name__ == "__main__":
    harness.main()
