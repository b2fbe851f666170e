# test_content.py - request content: how it is framed, what is refused, and that no byte of it is
# ever taken for the next request.
import os
import unittest

import harness
from wire import make_request

H = "Host: localhost\r\n"
KEEP, CLOSE = "keep", "close"
LIMIT = 200 * 1024  # max_body below


def post(fields, content="", target="/echo/", version="HTTP/1.1"):
    return "POST %s %s\r\n%s%s\r\n%s" % (target, version, H, fields, content)


def chunked(content, target="/echo/"):
    return post("Transfer-Encoding: chunked\r\n", content, target)


HELLO = "5\r\nhello\r\n0\r\n\r\n"

LENGTH = (
    ("five bytes", post("Content-Length: 5\r\n", "hello"), 200, KEEP),
    ("no content at all", post(""), 200, KEEP),
    ("no bytes", post("Content-Length: 0\r\n"), 200, KEEP),
    ("white space around it", post("Content-Length: \t 5 \t\r\n", "hello"), 200, KEEP),
    ("leading zeros", post("Content-Length: 0005\r\n", "hello"), 200, KEEP),
    ("empty", post("Content-Length:\r\n", "hello"), 400, CLOSE),
    ("a plus sign", post("Content-Length: +5\r\n", "hello"), 400, CLOSE),
    ("a minus sign", post("Content-Length: -5\r\n", "hello"), 400, CLOSE),
    ("hexadecimal", post("Content-Length: 0x5\r\n", "hello"), 400, CLOSE),
    ("two numbers", post("Content-Length: 5 5\r\n", "hello"), 400, CLOSE),
    ("a list of the same", post("Content-Length: 5, 5\r\n", "hello"), 400, CLOSE),
    ("two fields", post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), 400, CLOSE),
    ("two different fields", post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello"), 400, CLOSE),
    ("2^63", post("Content-Length: 9223372036854775808\r\n", "hello"), 400, CLOSE),
    ("2^64 + 5", post("Content-Length: 18446744073709551621\r\n", "hello"), 400, CLOSE),
    ("2^63 - 1 is only too large", post("Content-Length: 9223372036854775807\r\n"), 413, CLOSE),
    ("one byte above the limit", post("Content-Length: %d\r\n" % (LIMIT + 1)), 413, CLOSE),
    ("above the limit, and asking first",
     post("Content-Length: %d\r\nExpect: 100-continue\r\n" % (LIMIT + 1)), 413, CLOSE),
)

CODINGS = (
    ("chunked", chunked(HELLO), 200, KEEP),
    ("Chunked", post("Transfer-Encoding: Chunked\r\n", HELLO), 200, KEEP),
    ("white space around it", post("Transfer-Encoding: \t chunked \r\n", HELLO), 200, KEEP),
    ("with Content-Length", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", HELLO),
     400, CLOSE),
    ("before Content-Length", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", HELLO),
     400, CLOSE),
    ("in HTTP/1.0", post("Transfer-Encoding: chunked\r\n", HELLO, version="HTTP/1.0"), 400, CLOSE),
    ("two fields", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", HELLO),
     400, CLOSE),
    ("gzip", post("Transfer-Encoding: gzip\r\n", HELLO), 501, CLOSE),
    ("gzip, chunked", post("Transfer-Encoding: gzip, chunked\r\n", HELLO), 501, CLOSE),
    ("chunked, identity", post("Transfer-Encoding: chunked, identity\r\n", HELLO), 501, CLOSE),
    ("identity", post("Transfer-Encoding: identity\r\n", HELLO), 501, CLOSE),
    ("xchunked", post("Transfer-Encoding: xchunked\r\n", HELLO), 501, CLOSE),
    ("chunked with a parameter", post("Transfer-Encoding: chunked;q=1\r\n", HELLO), 501, CLOSE),
    ("chunked in quotes", post('Transfer-Encoding: "chunked"\r\n', HELLO), 501, CLOSE),
    ("empty", post("Transfer-Encoding:\r\n", HELLO), 501, CLOSE),
    ("a vertical tab before it", post("Transfer-Encoding: \x0bchunked\r\n", HELLO), 400, CLOSE),
    ("a space before the colon", post("Transfer-Encoding : chunked\r\n", HELLO), 400, CLOSE),
    ("on a folded line", post("Transfer-Encoding:\r\n chunked\r\n", HELLO), 400, CLOSE),
)

# Chunked content, and what /echo/?collect says to it: it answers when all of it is here.
CHUNKS = (
    ("several chunks", "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", 200),
    ("no content", "0\r\n\r\n", 200),
    ("zeros for the last chunk", "000\r\n\r\n", 200),
    ("capitals and small letters", "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", 200),
    ("16 digits", "0000000000000005\r\nhello\r\n0\r\n\r\n", 200),
    ("17 digits", "00000000000000005\r\nhello\r\n0\r\n\r\n", 400),
    ("an extension", "5;a=b\r\nhello\r\n0;c\r\n\r\n", 200),
    ("a quoted extension", '5;a="b;\\"c"\r\nhello\r\n0\r\n\r\n', 200),
    ("trailers are dropped", "5\r\nhello\r\n0\r\nX-Trailer: a\r\nContent-Length: 9\r\n\r\n", 200),
    ("a plus sign", "+5\r\nhello\r\n0\r\n\r\n", 400),
    ("a minus sign", "-5\r\nhello\r\n0\r\n\r\n", 400),
    ("0x", "0x5\r\nhello\r\n0\r\n\r\n", 400),
    ("a space before the size", " 5\r\nhello\r\n0\r\n\r\n", 400),
    ("a space after the size", "5 \r\nhello\r\n0\r\n\r\n", 400),
    ("an underscore", "0_5\r\nhello\r\n0\r\n\r\n", 400),
    ("no size", "\r\nhello\r\n0\r\n\r\n", 400),
    ("only an extension", ";a\r\nhello\r\n0\r\n\r\n", 400),
    ("not hexadecimal", "5g\r\nhello\r\n0\r\n\r\n", 400),
    ("a bare LF after the size", "5\nhello\r\n0\r\n\r\n", 400),
    ("a bare CR after the size", "5\rhello\r\n0\r\n\r\n", 400),
    ("a bare LF in an extension", "5;a\nhello\r\n0\r\n\r\n", 400),
    ("a NUL in an extension", "5;a\0\r\nhello\r\n0\r\n\r\n", 400),
    ("an extension of 2 KiB", "5;" + "a" * 2048 + "\r\nhello\r\n0\r\n\r\n", 400),
    ("20 KiB of extensions", ("1;" + "a" * 1000 + "\r\nx\r\n") * 20 + "0\r\n\r\n", 400),
    ("a bare LF after the data", "5\r\nhello\n0\r\n\r\n", 400),
    ("more data than said", "5\r\nhello!\r\n0\r\n\r\n", 400),
    ("less data than said", "6\r\nhello\r\n0\r\n\r\n", 400),
    ("two letters for the CRLF", "5\r\nhelloXX0\r\n\r\n", 400),
    ("a bare LF at the very end", "5\r\nhello\r\n0\r\n\n", 400),
    ("a bad trailer", "5\r\nhello\r\n0\r\nX : a\r\n\r\n", 400),
    ("a folded trailer", "5\r\nhello\r\n0\r\nX: a\r\n b\r\n\r\n", 400),
    ("10 KiB of trailers", "5\r\nhello\r\n0\r\n" + ("X: " + "a" * 1000 + "\r\n") * 10 + "\r\n", 400),
    ("2^64 - 1 bytes", "FFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n", 400),
    ("2^63 bytes", "8000000000000000\r\nhello\r\n0\r\n\r\n", 400),
    ("a chunk above the limit", "%x\r\n%s" % (LIMIT + 1, "x" * (LIMIT + 1)), 413),
    ("many chunks above the limit", ("1000\r\n" + "x" * 4096 + "\r\n") * 51 + "0\r\n\r\n", 413),
)


def checksum(data):
    total = 0
    for byte in data:
        total = (total * 31 + byte) % 1000000007
    return "size %d sum %d\n" % (len(data), total)


class Content(harness.TestCase):
    BINARY = harness.TEST_BINARY
    CONFIG = """
modules: { echo = true; };
http: { max_body = "200k"; };
static: { root = "@DIR@/www"; };
hosts = ( {
  names = [ "localhost" ];
  locations = (
    { path = "/echo/"; echo: { here = true; }; },
    { path = "/large/"; echo: { here = true; }; http: { max_body = "100M"; }; } );
} );
"""

    def answer(self, data, status, after):
        with self.server.connect() as c:
            c.send(data)
            r = c.read_response("POST")
            self.assertEqual(r.status, status, r)
            self.assertEqual(r.interim, [])
            if after == CLOSE:
                self.assertTrue(r.closes, "no Connection: close in %r" % r)
                c.expect_close()
            else:
                self.assertFalse(r.closes, "Connection: close in %r" % r)
                self.assertEqual(c.exchange("GET", "/").status, 200)
            return r

    def rows(self, table):
        for what, data, status, after in table:
            with self.subTest(what):
                r = self.answer(data, status, after)
                if status == 200 and "hello" in data:
                    self.assertEqual(r.body, b"hello")

    def test_content_length(self):
        self.rows(LENGTH)

    def test_transfer_codings(self):
        self.rows(CODINGS)

    def test_chunks(self):
        for what, content, status in CHUNKS:
            with self.subTest(what):
                r = self.answer(chunked(content, "/echo/?collect"), status,
                                KEEP if status == 200 else CLOSE)
                if status == 200 and "hello" in content:
                    self.assertEqual(r.text, checksum(b"hello"))

    # --- in pieces -------------------------------------------------------------------

    def test_chunks_may_be_cut_anywhere(self):
        content = "5;a=b\r\nhello\r\n00b\r\n, old world!\r\n0\r\nX: y\r\n\r\n".replace("00b", "00c")
        data = chunked(content).encode() + make_request("GET")
        for size in (1, 2, 3, 5, 7, 11):
            with self.subTest(size=size), self.server.connect() as c:
                c.send_in_pieces(data, size)
                self.assertEqual(c.read_response().text, "hello, old world!")
                self.assertEqual(c.read_response().status, 200)

    def test_odd_chunks_arrive_whole(self):
        data = os.urandom(150000)
        wire, at, size = bytearray(), 0, 1
        while at < len(data):
            piece = data[at:at + size]
            wire += b"%x\r\n%s\r\n" % (len(piece), piece)
            at += size
            size = size * 3 % 7919 + 1
        wire += b"0\r\n\r\n"
        for target in ("/echo/", "/echo/?collect"):
            with self.subTest(target), self.server.connect() as c:
                c.send(chunked("", target).encode() + bytes(wire))
                want = data if target == "/echo/" else checksum(data).encode()
                self.assertEqual(c.read_response().body, want)
                self.assertEqual(c.exchange("GET").status, 200)

    def test_large_content_streams_through(self):
        data = os.urandom(1 << 20) * 8
        with self.server.connect() as c:
            sender = harness.in_background(c.send, make_request("POST", "/large/", body=data))
            self.assertTrue(c.read_response().body == data)
            sender.join()
        data = data[:3 << 20]
        self.assertEqual(self.server.request("POST", "/large/?collect", body=data).text,
                         checksum(data))

    # --- 100 (Continue) ----------------------------------------------------------------

    def test_100_comes_when_the_content_is_wanted_and_not_here(self):
        with self.server.connect() as c:
            c.send(post("Content-Length: 5\r\nExpect: 100-continue\r\n", target="/echo/?collect"))
            self.assertEqual(c.read_head()[0], 100)
            r = c.send("hello").read_response()
            self.assertEqual((r.status, r.interim), (200, []))
            self.assertEqual(c.exchange("GET").status, 200)

    def test_no_100(self):
        expect = "Content-Length: 5\r\nExpect: 100-continue\r\n"
        for what, data, rest in (
                ("when the content is here", post(expect, "hello", "/echo/?collect"), ""),
                ("in HTTP/1.0", post(expect, "", "/echo/?collect", "HTTP/1.0"), "hello"),
                ("when nobody reads it", post(expect, "", "/echo/?ignore"), ""),
                ("when it is refused", post(expect, "", "/"), ""),
                ("without content", post("Content-Length: 0\r\nExpect: 100-continue\r\n"), "")):
            with self.subTest(what), self.server.connect() as c:
                r = c.send(data, rest).read_response()
                self.assertEqual(r.interim, [])
                if not rest and "nobody" in what:
                    # RFC 9110 10.1.1: a client may send its content all the same, or not.
                    self.assertTrue(r.closes)

    # --- what comes next -----------------------------------------------------------------

    def test_content_of_get_is_not_the_next_request(self):
        inner = "GET /nothing HTTP/1.1\r\n" + H + "\r\n"
        for what, data in (
                ("length", "GET / HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n%s" % (H, len(inner), inner)),
                ("chunked", "GET / HTTP/1.1\r\n%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n"
                 % (H, len(inner), inner)),
                ("HEAD", "HEAD / HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n%s" % (H, len(inner), inner))):
            with self.subTest(what), self.server.connect() as c:
                c.send(data)
                self.assertEqual(c.read_response(data.split(" ")[0]).status, 200)
                self.assertEqual(c.exchange("GET").status, 200)

    def test_content_of_get_above_64_kib_is_refused(self):
        self.answer("GET / HTTP/1.1\r\n" + H + "Content-Length: 65537\r\n\r\n", 413, CLOSE)

    def test_unread_content_is_not_the_next_request(self):
        inner = "GET /nothing HTTP/1.1\r\n" + H + "\r\n"
        for target, status in (("/echo/?ignore", 200), ("/", 405), ("/nowhere", 404)):
            with self.subTest(target):
                r = self.answer(post("Content-Length: %d\r\n" % len(inner), inner, target),
                                status, KEEP)
                self.assertEqual(r.status, status)

    def test_much_unread_content_ends_the_connection_and_the_answer_arrives(self):
        with self.server.connect() as c:
            c.send(make_request("POST", "/echo/?ignore", body=b"x" * 150000))
            r = c.read_response()
            self.assertEqual(r.text, "nothing read\n")
            if r.closes:
                c.expect_close()

    def test_smuggling(self):
        inner = "GET /nothing HTTP/1.1\r\n" + H + "\r\n"
        for what, data in (
                ("CL.TE", post("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n",
                               "0\r\n\r\n" + inner)),
                ("TE.CL", post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
                               "%x\r\n%s\r\n0\r\n\r\n" % (len(inner), inner))),
                ("TE.TE", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n",
                               "0\r\n\r\n" + inner)),
                ("a tab in the name", post("Transfer-Encoding\t: chunked\r\n", "0\r\n\r\n" + inner)),
                ("a bare LF makes two fields of one",
                 post("X: a\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + inner)),
                ("TERM.EXT", chunked("2;\nxx\r\n22\r\nabc\r\n0\r\n\r\n" + inner)),
                ("a chunk size that wraps", chunked("100000000000000005\r\nhello\r\n0\r\n\r\n" + inner)),
                ("a length that wraps", post("Content-Length: 18446744073709551616\r\n", inner))):
            with self.subTest(what), self.server.connect() as c:
                r = c.send(data.replace("/echo/", "/echo/?collect")).read_response()
                self.assertEqual(r.status, 400, r)
                c.expect_close()  # and no second answer

    def test_content_that_breaks_while_it_is_streamed_back_ends_without_a_last_chunk(self):
        with self.server.connect() as c:
            c.send(chunked("5\r\nhello\r\nzz\r\n" + "GET / HTTP/1.1\r\n" + H + "\r\n"))
            with self.assertRaises(harness.WireError):
                c.read_response()
            self.assertTrue(c.eof)

    # --- pipelining ------------------------------------------------------------------------

    def test_pipelined_requests_are_answered_in_order(self):
        with self.server.connect() as c:
            wire = b""
            for i in range(200):
                wire += make_request("POST", "/echo/", body="number %d" % i)
                wire += make_request("GET", "/")
            c.send(wire)
            for i in range(200):
                self.assertEqual(c.read_response().text, "number %d" % i)
                self.assertEqual(c.read_response().status, 200)

    def test_after_close_or_an_error_the_rest_is_ignored(self):
        rest = make_request("GET") * 20
        for what, first, status in (
                ("close", make_request("GET", "/", {"Connection": "close"}), 200),
                ("an error", b"GET / HTTP/1.1\r\n\r\n", 400),
                ("an unknown method", b"BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n", 501)):
            with self.subTest(what), self.server.connect() as c:
                self.assertEqual(c.send(first + rest).read_response().status, status)
                c.expect_close()

    def test_a_client_that_has_done_sending_gets_every_answer(self):
        got = self.server.raw(make_request("GET") * 5 + make_request("POST", "/echo/", body="end"))
        self.assertEqual(got.count(b"HTTP/1.1 200 OK\r\n"), 6)
        self.assertTrue(got.endswith(b"end"))

    def test_http_1_0_is_never_answered_in_chunks(self):
        with self.server.connect() as c:
            c.send(post("Content-Length: 5\r\n", "hello", version="HTTP/1.0"))
            r = c.read_response()
            self.assertEqual((r.body, r.get("Transfer-Encoding")), (b"hello", None))
            c.expect_close()

    def test_modules_get_methods_that_files_do_not_have(self):
        for method in ("POST", "PUT", "PATCH", "DELETE", "PROPFIND"):
            with self.subTest(method):
                self.assertEqual(self.server.request(method, "/echo/", body="x").text, "x")


if __name__ == "__main__":
    unittest.main(verbosity=2)
