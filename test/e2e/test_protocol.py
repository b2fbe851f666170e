# test_protocol.py - one raw request, one answer: what is accepted, what is refused, and whether
# the connection lives on.  Each row is a fact of RFC 9110, 9112 or 3986.
import re
import unittest

import harness

H = "Host: localhost\r\n"
KEEP, CLOSE = "keep", "close"


def get(target, version="HTTP/1.1", fields=H):
    return "GET %s %s\r\n%s\r\n" % (target, version, fields)


def with_fields(lines):
    return get("/", fields=H + lines)


# What, bytes, status, then KEEP or CLOSE.
REQUEST_LINE = (
    ("a plain request", get("/"), 200, KEEP),
    ("HTTP/1.0 closes", get("/", "HTTP/1.0"), 200, CLOSE),
    ("HTTP/1.0 needs no Host", get("/", "HTTP/1.0", ""), 200, CLOSE),
    ("HTTP/1.9 is taken for 1.1", get("/", "HTTP/1.9"), 200, KEEP),
    ("HTTP/2.0 on the wire of 1.1", get("/", "HTTP/2.0"), 505, CLOSE),
    ("HTTP/3.0", get("/", "HTTP/3.0"), 505, CLOSE),
    ("HTTP/0.9", "GET /\r\n\r\n", 400, CLOSE),
    ("a version in lower case", get("/", "http/1.1"), 400, CLOSE),
    ("a version with two digits", get("/", "HTTP/1.10"), 400, CLOSE),
    ("a version with a letter behind", get("/", "HTTP/1.1x"), 400, CLOSE),
    ("no version but a space", get("/", ""), 400, CLOSE),
    ("two spaces before the target", "GET  / HTTP/1.1\r\n" + H + "\r\n", 400, CLOSE),
    ("two spaces before the version", "GET /  HTTP/1.1\r\n" + H + "\r\n", 400, CLOSE),
    ("a space after the version", "GET / HTTP/1.1 \r\n" + H + "\r\n", 400, CLOSE),
    ("a space before the method", " GET / HTTP/1.1\r\n" + H + "\r\n", 400, CLOSE),
    ("a tab for a space", "GET\t/\tHTTP/1.1\r\n" + H + "\r\n", 400, CLOSE),
    ("a space in the target", get("/a b"), 400, CLOSE),
    ("one empty line before the request", "\r\n" + get("/"), 200, KEEP),
    ("two empty lines before it", "\r\n\r\n" + get("/"), 400, CLOSE),
    ("a bare LF before it", "\n" + get("/"), 400, CLOSE),
    ("bare LFs", get("/").replace("\r\n", "\n"), 400, CLOSE),
    ("a bare LF after the request line", "GET / HTTP/1.1\n" + H + "\r\n", 400, CLOSE),
    ("a bare LF after a field", "GET / HTTP/1.1\r\nHost: localhost\n\r\n", 400, CLOSE),
    ("a bare CR in a field", with_fields("X: a\rb\r\n"), 400, CLOSE),
    ("a bare CR in the target", get("/a\rb"), 400, CLOSE),
    ("a NUL in the target", get("/a\0b"), 400, CLOSE),
    ("a TLS greeting", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, CLOSE),
    ("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, CLOSE),
    ("a target of 9000 bytes", get("/" + "a" * 9000), 414, CLOSE),
    ("a request line without end", "GET /" + "a" * 20000, 414, CLOSE),
)

METHODS = (
    ("an unknown method", "BREW / HTTP/1.1\r\n" + H + "\r\n", 501, CLOSE),
    ("methods are case-sensitive", "get / HTTP/1.1\r\n" + H + "\r\n", 501, CLOSE),
    ("a method that is no token", "G@T / HTTP/1.1\r\n" + H + "\r\n", 400, CLOSE),
    ("TRACE is not echoed", "TRACE / HTTP/1.1\r\n" + H + "X: secret\r\n\r\n", 405, KEEP),
    ("CONNECT", "CONNECT localhost:80 HTTP/1.1\r\n" + H + "\r\n", 405, CLOSE),
    ("DELETE of a file", "DELETE / HTTP/1.1\r\n" + H + "\r\n", 405, KEEP),
    ("PUT of a file", "PUT / HTTP/1.1\r\n" + H + "Content-Length: 2\r\n\r\nhi", 405, KEEP),
    ("POST to a file", "POST / HTTP/1.1\r\n" + H + "Content-Length: 2\r\n\r\nhi", 405, KEEP),
    ("a method of the registry for modules", "PROPFIND / HTTP/1.1\r\n" + H + "\r\n", 405, KEEP),
    ("OPTIONS of a file", "OPTIONS / HTTP/1.1\r\n" + H + "\r\n", 204, KEEP),
    ("OPTIONS of the server", "OPTIONS * HTTP/1.1\r\n" + H + "\r\n", 204, KEEP),
)

HOST = (
    ("no Host", get("/", fields=""), 400, CLOSE),
    ("two Hosts", get("/", fields=H + H), 400, CLOSE),
    ("an empty Host", get("/", fields="Host:\r\n"), 400, CLOSE),
    ("a Host with userinfo", get("/", fields="Host: a@localhost\r\n"), 400, CLOSE),
    ("a Host with a path", get("/", fields="Host: localhost/x\r\n"), 400, CLOSE),
    ("a Host with a space", get("/", fields="Host: local host\r\n"), 400, CLOSE),
    ("a Host with two names", get("/", fields="Host: localhost, other\r\n"), 400, CLOSE),
    ("a port above 65535", get("/", fields="Host: localhost:65536\r\n"), 400, CLOSE),
    ("a port with a letter", get("/", fields="Host: localhost:8o\r\n"), 400, CLOSE),
    ("a Host with a port", get("/", fields="Host: localhost:80\r\n"), 200, KEEP),
    ("a Host in capitals with a dot", get("/", fields="Host: LocalHost.\r\n"), 200, KEEP),
    ("an IPv6 Host", get("/", fields="Host: [::1]:80\r\n"), 200, KEEP),
    ("an IPv6 Host without end", get("/", fields="Host: [::1\r\n"), 400, CLOSE),
    ("absolute-form", get("http://localhost/"), 200, KEEP),
    ("absolute-form without path", get("http://localhost"), 200, KEEP),
    ("absolute-form, scheme in capitals", get("HTTP://localhost/"), 200, KEEP),
    ("absolute-form of another scheme", get("ftp://localhost/"), 400, CLOSE),
    ("absolute-form with userinfo", get("http://a@localhost/"), 400, CLOSE),
    ("absolute-form without authority", get("http:///"), 400, CLOSE),
    ("absolute-form does not free from Host", get("http://localhost/", fields=""), 400, CLOSE),
    ("* with GET", get("*"), 400, CLOSE),
    ("a target without slash", get("index.html"), 400, CLOSE),
)

FIELDS = (
    ("a space before the colon", with_fields("X : a\r\n"), 400, CLOSE),
    ("a space in the name", with_fields("X Y: a\r\n"), 400, CLOSE),
    ("no name", with_fields(": a\r\n"), 400, CLOSE),
    ("no colon", with_fields("hello\r\n"), 400, CLOSE),
    ("a name with a parenthesis", with_fields("X(: a\r\n"), 400, CLOSE),
    ("a name with a byte above 0x7f", with_fields("X\xe9: a\r\n"), 400, CLOSE),
    ("obs-fold", with_fields("X: a\r\n b\r\n"), 400, CLOSE),
    ("obs-fold in the first field", get("/", fields=" X: a\r\n" + H), 400, CLOSE),
    ("obs-fold with a tab", with_fields("X: a\r\n\tb\r\n"), 400, CLOSE),
    ("a NUL in a value", with_fields("X: a\0b\r\n"), 400, CLOSE),
    ("a control in a value", with_fields("X: a\x01b\r\n"), 400, CLOSE),
    ("a DEL in a value", with_fields("X: a\x7fb\r\n"), 400, CLOSE),
    ("a tab in a value", with_fields("X: a\tb\r\n"), 200, KEEP),
    ("bytes above 0x7f in a value", with_fields("X: caf\xe9\r\n"), 200, KEEP),
    ("an empty value", with_fields("X:\r\n"), 200, KEEP),
    ("spaces around a value", with_fields("X: \t a \t \r\n"), 200, KEEP),
    ("99 more fields", with_fields("X: a\r\n" * 99), 200, KEEP),
    ("100 more fields", with_fields("X: a\r\n" * 100), 431, CLOSE),
    ("a field of 8 KiB", with_fields("X: " + "a" * 8000 + "\r\n"), 200, KEEP),
    ("a field of 9 KiB", with_fields("X: " + "a" * 9216 + "\r\n"), 431, CLOSE),
    ("a field without end", "GET / HTTP/1.1\r\n" + H + "X: " + "a" * 20000, 431, CLOSE),
    ("36 KiB of fields", with_fields(("X: " + "a" * 6000 + "\r\n") * 6), 431, CLOSE),
    ("Upgrade is ignored", with_fields("Connection: upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                                       "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"), 200, KEEP),
    ("Expect of something else", with_fields("Expect: 200-ok\r\n"), 417, CLOSE),
)

CONNECTION = (
    ("close", with_fields("Connection: close\r\n"), 200, CLOSE),
    ("Close in a list", with_fields("Connection: x, Close\r\n"), 200, CLOSE),
    ("close wins over keep-alive", with_fields("Connection: keep-alive, close\r\n"), 200, CLOSE),
    ("close in a second field", with_fields("Connection: x\r\nConnection: close\r\n"), 200, CLOSE),
    ("closed is not close", with_fields("Connection: closed\r\n"), 200, KEEP),
    ("HTTP/1.0 with keep-alive", get("/", "HTTP/1.0", H + "Connection: keep-alive\r\n"), 200, KEEP),
    ("HTTP/1.0 with both", get("/", "HTTP/1.0", H + "Connection: close, keep-alive\r\n"), 200,
     CLOSE),
)

TARGETS = (
    ("an escaped letter", get("/%69ndex.html"), 200, KEEP),
    ("a percent sign alone", get("/%"), 400, CLOSE),
    ("one hexadecimal digit", get("/%6"), 400, CLOSE),
    ("not hexadecimal", get("/%6g"), 400, CLOSE),
    ("an escaped NUL", get("/index.html%00.txt"), 400, CLOSE),
    ("an escaped LF", get("/a%0ab"), 400, CLOSE),
    ("an escaped DEL", get("/a%7fb"), 400, CLOSE),
    ("an escaped slash is no separator", get("/sub%2Findex.html"), 404, CLOSE),
    ("a backslash is a letter", get("/sub\\index.html"), 404, KEEP),
    ("an escaped backslash, too", get("/..%5cindex.html"), 404, KEEP),
    ("dot segments", get("/./sub/../index.html"), 200, KEEP),
    ("escaped dot segments", get("/%2e/sub/%2E%2e/index.html"), 200, KEEP),
    ("above the root", get("/../index.html"), 400, CLOSE),
    ("above the root, escaped", get("/%2e%2e/index.html"), 400, CLOSE),
    ("above the root from below", get("/sub/../../index.html"), 400, CLOSE),
    ("above the root at the end", get("/sub/../.."), 400, CLOSE),
    ("escaped twice stays a name", get("/%252e%252e/index.html"), 404, KEEP),
    ("an escaped slash after dots", get("/..%2findex.html"), 404, CLOSE),
    ("three dots are a name", get("/.../index.html"), 404, KEEP),
    ("dots with a parameter are a name", get("/..;/index.html"), 404, KEEP),
    ("slashes are merged", get("//sub///page.html"), 200, KEEP),
    ("a raw #", get("/index.html#x"), 400, CLOSE),
    ("a raw # in the query", get("/index.html?a#x"), 400, CLOSE),
    ("an escaped #", get("/index.html%23x"), 404, KEEP),
    ("a query", get("/index.html?a=/../b&c"), 200, KEEP),
    ("an empty query", get("/index.html?"), 200, KEEP),
    ("an escaped question mark", get("/index.html%3Fa"), 404, KEEP),
    ("a UTF-8 name, escaped", get("/caf%c3%a9.txt"), 200, KEEP),
    ("a UTF-8 name, raw", get("/caf\xc3\xa9.txt"), 200, KEEP),
    ("an overlong dot is two bytes", get("/%c0%ae%c0%ae/index.html"), 404, KEEP),
    ("an overlong slash is bytes", get("/sub%e0%80%afpage.html"), 404, KEEP),
    ("a path below a file", get("/index.html/x"), 404, KEEP),
    ("a slash below a file", get("/index.html/"), 404, KEEP),
    ("a dot file", get("/.htaccess"), 404, KEEP),
    ("a dot folder", get("/.git/config"), 404, KEEP),
    ("/.well-known/", get("/.well-known/security.txt"), 200, KEEP),
    ("an editor's backup", get("/index.html~"), 404, KEEP),
    ("nothing there", get("/qwertz"), 404, KEEP),
)


class OneRequest(harness.TestCase):
    CONFIG = 'static: { root = "@DIR@/www"; };\n'
    FILES = {
        "www/index.html": "<!doctype html><title>the index</title>\n",
        "www/index.html~": "old",
        "www/sub/index.html": "<!doctype html><title>sub</title>\n",
        "www/sub/page.html": "<!doctype html><title>page</title>\n",
        "www/café.txt": "coffee\n",
        "www/.htaccess": "secret",
        "www/.git/config": "secret",
        "www/.well-known/security.txt": "Contact: mailto:a@example.org\n",
    }

    def answer(self, data, status, after):
        method = data.lstrip().split(" ")[0]
        with self.server.connect() as c:
            c.send(data)
            r = c.read_response(method)
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
                self.check(data, self.answer(data, status, after))

    def check(self, data, r):
        """What holds for every answer."""
        self.assertEqual(r["Server"], "ostler")
        if r.status < 400:
            return
        self.assertEqual(r["Content-Type"], "text/html; charset=utf-8")
        target = re.findall(r"[A-Za-z@]{5,}", data.split("\r\n")[0].replace("HTTP/", ""))
        for word in target:  # no byte of the request comes back
            self.assertNotIn(word, r.text)
        if r.status == 405:  # what a proxy would be asked for has no methods at all
            self.assertEqual(r["Allow"], "" if data.startswith("CONNECT") else "GET, HEAD, OPTIONS")

    def test_request_lines(self):
        self.rows(REQUEST_LINE)

    def test_methods(self):
        self.rows(METHODS)

    def test_hosts(self):
        self.rows(HOST)

    def test_fields(self):
        self.rows(FIELDS)

    def test_connection(self):
        self.rows(CONNECTION)

    def test_targets(self):
        self.rows(TARGETS)

    def test_every_cut_gives_the_same_answer(self):
        data = with_fields("X: " + "a" * 20 + "\r\nConnection: close\r\n").encode()
        whole = self.server.raw(data)
        for size in (1, 2, 3, 7, 16):
            with self.subTest(size=size), self.server.connect() as c:
                got = c.send_in_pieces(data, size).read_to_end()
                self.assertEqual(re.sub(rb"Date: [^\r]*", b"", got),
                                 re.sub(rb"Date: [^\r]*", b"", whole))

    def test_http_1_0_keep_alive_is_echoed(self):
        with self.server.connect() as c:
            c.send(get("/", "HTTP/1.0", "Connection: Keep-Alive\r\n"))
            self.assertEqual(c.read_response()["Connection"].lower(), "keep-alive")

    def test_a_host_beats_another_one_in_absolute_form(self):
        with self.server.connect() as c:
            c.send(get("http://localhost/", fields="Host: elsewhere\r\n"))
            self.assertEqual(c.read_response().status, 200)

    def test_options_says_what_is_allowed(self):
        r = self.server.request("OPTIONS", "/index.html")
        self.assertEqual(r["Allow"], "GET, HEAD, OPTIONS")

    def test_a_folder_redirects_to_its_slash(self):
        for target, location in (("/sub", "/sub/"), ("/sub?a=b", "/sub/?a=b"), ("//sub", "/sub/"),
                                 ("/%73ub", "/sub/"), ("/./sub", "/sub/")):
            with self.subTest(target):
                r = self.server.get(target)
                self.assertEqual(r.status, 301)
                self.assertRegex(r["Location"], r"^(http://localhost(:\d+)?)?%s$"
                                 % re.escape(location))

    def test_head_is_get_without_content(self):
        for target in ("/index.html", "/qwertz", "/sub"):
            with self.subTest(target):
                head, full = self.server.head(target), self.server.get(target)
                self.assertEqual((head.status, head.body), (full.status, b""))
                # A server may leave out a length it would have to make content for.
                may_miss = {("Content-Length", full["Content-Length"])}
                for r in (head, full):
                    r.fields = {f for f in r.fields if f[0] != "Date"}
                self.assertLessEqual(full.fields - head.fields, may_miss)
                self.assertEqual(head.fields - full.fields, set())

    def test_silence_is_no_request(self):
        with self.server.connect() as c:
            c.finish_sending().expect_close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
