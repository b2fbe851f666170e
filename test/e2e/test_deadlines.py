# test_deadlines.py - a client that is slow, silent or gone holds nothing for ever.
#
# The limits are short so that the test is; what is checked is the outcome, never a duration.
import socket
import unittest

import harness

CONFIG = """
modules: { echo = true; };
http: { head_timeout = "300ms"; idle_timeout = "300ms"; body_timeout = "300ms";
        send_timeout = "500ms"; keep_alive_requests = 3; };
static: { root = "@DIR@/www"; };
hosts = ( {
  names = [ "localhost" ];
  locations = ( { path = "/echo/"; echo: { here = true; }; } );
} );
"""


class Deadlines(harness.TestCase):
    BINARY = harness.TEST_BINARY
    CONFIG = CONFIG
    FILES = {"www/index.html": "<!doctype html>\n", "www/large": b"x" * (64 << 20)}

    def test_silence_after_connecting(self):
        with self.server.connect() as c:
            c.expect_close()

    def test_a_head_that_never_ends(self):
        for what, data in (("nothing more", "GET / HTTP/1.1\r\nHost: l"), ("one byte", "G")):
            with self.subTest(what), self.server.connect() as c:
                r = c.send(data).read_response()
                self.assertEqual(r.status, 408)
                self.assertTrue(r.closes)
                c.expect_close()

    def test_a_head_that_trickles_does_not_move_its_deadline(self):
        with self.server.connect() as c:
            c.send_in_pieces(b"GET / HTTP/1.1\r\nX: " + b"a" * 400, 10, pause=0.02)
            self.assertIn(c.read_response().status, (408,))
            c.expect_close()

    def test_a_kept_connection_without_a_request_closes_in_silence(self):
        with self.server.connect() as c:
            self.assertEqual(c.exchange("GET").status, 200)
            c.expect_close()

    def test_content_that_does_not_come(self):
        for target in ("/echo/?collect",):
            with self.subTest(target), self.server.connect() as c:
                c.send("POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhal" % target)
                r = c.read_response()
                self.assertEqual(r.status, 408)
                self.assertTrue(r.closes)
                c.expect_close()

    def test_a_client_that_takes_nothing_is_cut_off(self):
        c = self.server.connect(receive_buffer=4096)
        self.addCleanup(c.close)
        c.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        c.read_head()
        self.server.log.wait_for("too slowly")
        self.assertLess(len(c.read_to_end()), 64 << 20)

    def test_a_connection_ends_after_its_number_of_requests(self):
        with self.server.connect() as c:
            answers = [c.exchange("GET") for _ in range(3)]
            self.assertEqual([r.closes for r in answers], [False, False, True])
            c.expect_close()

    def test_a_client_that_leaves_in_the_middle_harms_nobody(self):
        for data in (b"GET / HT", b"POST /echo/?collect HTTP/1.1\r\nHost: localhost\r\n"
                     b"Content-Length: 9\r\n\r\nhal", b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n"):
            for leave in ("close", "abort"):
                with self.subTest(data=data, leave=leave):
                    c = self.server.connect()
                    c.send(data)
                    getattr(c, leave)()
                    self.assertEqual(self.server.get().status, 200)

    def test_many_slow_clients_do_not_keep_others_out(self):
        slow = [socket.create_connection(self.server.address) for _ in range(100)]
        for s in slow:
            s.sendall(b"GET /")
        self.assertEqual(self.server.get().status, 200)
        for s in slow:
            s.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
