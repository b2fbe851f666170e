# test_https.py - HTTPS as real clients and odd ones meet it.
import os
import re
import shutil
import socket
import ssl
import subprocess
import unittest

import harness
import wire_tls
from wire import Connection, WireError, make_request

LARGE = os.urandom(1 << 16) * 128  # 8 MiB
# How often a file is cut while it is sent; the issue of TLS says 1,000.
TRUNCATIONS = int(os.environ.get("OSTLER_TEST_TRUNCATIONS", "40"))
ENVIRONMENT = """#!/bin/sh
printf 'Content-Type: text/plain\\n\\n'
env | grep -E '^(HTTPS|REQUEST_SCHEME|SERVER_PORT|SSL_[A-Z_]*)=' | sort
"""
STREAM = """#!/bin/sh
printf 'Content-Type: application/octet-stream\\n\\n'
exec head -c 268435456 /dev/zero
"""


def memory_kib(pids):
    total = 0
    for pid in pids:
        with open("/proc/%d/status" % pid, encoding="utf-8") as status:
            total += int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))
    return total


class HttpsCase(harness.TestCase):
    """The first listener has TLS, the second has not."""

    LIMITS = ""
    ENV = None
    FILES = {"www/index.html": "<!doctype html>\n<title>secure</title>\n", "www/large": LARGE,
             "cgi-bin/environment.cgi": ENVIRONMENT, "cgi-bin/stream.cgi": STREAM}

    @classmethod
    def setUpClass(cls):
        cls.certificate = wire_tls.Certificate(("localhost", "*.example"))
        config = cls.certificate.group + cls.LIMITS + """
server: { workers = 1; error_log = "stderr"; log_level = "info"; };
listen = ( { address = "127.0.0.1"; port = 0; tls = true; }, { address = "127.0.0.1"; port = 0; } );
static: { root = "@DIR@/www"; };
modules: { cgi = true; };
locations = ( { path = "/cgi-bin/"; cgi: { root = "@DIR@/cgi-bin"; }; } );
"""
        cls.server = harness.Server(config, cls.FILES, env=cls.ENV)
        for name in ("environment", "stream"):
            os.chmod(cls.server.path("cgi-bin/%s.cgi" % name), 0o755)

    def connect(self, context=None, **options):
        c = Connection(self.server.address, tls=context or self.certificate.context, **options)
        self.addCleanup(c.close)
        return c

    def raw(self, **options):
        c = Connection(self.server.address, **options)
        self.addCleanup(c.close)
        return c

    def check_it_still_serves(self):
        self.assertEqual(self.connect().exchange("GET").status, 200)


class Clients(HttpsCase):
    def curl(self, *args):
        return subprocess.run(
            ["curl", "-sS", "--cacert", self.certificate.certificate, *args,
             "https://localhost:%d/large" % self.server.port],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)

    def test_curl_by_every_protocol_that_is_safe(self):
        for version in ("1.2", "1.3"):
            with self.subTest(version):
                done = self.curl("--tlsv" + version, "--tls-max", version)
                self.assertEqual(done.stderr, b"")
                self.assertTrue(done.stdout == LARGE)

    def test_curl_by_none_that_is_not(self):
        # Debian's OpenSSL needs to be asked twice before it speaks these at all.
        for version in ("1.0", "1.1"):
            with self.subTest(version):
                done = self.curl("--tlsv1.0", "--tls-max", version, "--ciphers", "ALL:@SECLEVEL=0")
                self.assertEqual(done.returncode, 35)

    def s_client(self, text, *args):
        return subprocess.run(
            ["openssl", "s_client", "-connect", "127.0.0.1:%d" % self.server.port, "-servername",
             "localhost", "-CAfile", self.certificate.certificate, *args],
            input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False,
            universal_newlines=True)

    def test_s_client(self):
        request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        out = self.s_client(request, "-ign_eof", "-alpn", "h2,http/1.1").stdout
        self.assertIn("Verify return code: 0 (ok)", out)
        self.assertIn("ALPN protocol: http/1.1", out)
        self.assertIn("<title>secure</title>", out)

    def test_renegotiation_is_refused(self):
        with subprocess.Popen(
                ["openssl", "s_client", "-connect", "127.0.0.1:%d" % self.server.port, "-tls1_2"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as client:
            client.stdin.write(b"R\n")  # s_client's way to ask for it
            client.stdin.flush()
            out = client.stdout.read().decode()
        self.assertIn("RENEGOTIATING", out)
        self.assertIn("no renegotiation", out)
        self.check_it_still_serves()

    def test_a_script_is_told(self):
        c = self.connect()
        r = c.exchange("GET", "/cgi-bin/environment.cgi")
        values = dict(line.split("=", 1) for line in r.text.splitlines())
        self.assertEqual(values["HTTPS"], "on")
        self.assertEqual(values["REQUEST_SCHEME"], "https")
        self.assertEqual(values["SERVER_PORT"], str(self.server.port))
        self.assertEqual(values["SSL_PROTOCOL"], c.socket.tls.version())
        self.assertEqual(values["SSL_CIPHER"], c.socket.tls.cipher()[0])
        self.assertEqual(values["SSL_TLS_SNI"], "localhost")
        with Connection(self.server.addresses[1]) as plain:
            r = plain.exchange("GET", "/cgi-bin/environment.cgi")
        self.assertEqual(sorted(r.text.split()),
                         ["REQUEST_SCHEME=http", "SERVER_PORT=%d" % self.server.addresses[1][1]])


class Mistakes(HttpsCase):
    def test_plain_http_is_told_the_scheme(self):
        for method in ("GET", "POST", "HEAD", "PUT"):
            with self.subTest(method):
                c = self.raw()
                body = b"x" * 100_000 if method in ("POST", "PUT") else None
                c.send(make_request(method, "/reflect-me-not", {"X-Mine": "nor-me"}, body))
                r = c.read_response()
                self.assertEqual(r.status, 400)
                self.assertIn("https://", r.text)
                self.assertNotIn("reflect-me-not", r.text)
                self.assertNotIn("nor-me", r.text)
                self.assertTrue(r.closes)
                c.finish_sending().expect_close()
        self.server.log.wait_for("http: 400: plain HTTP on a port with TLS")

    def test_tls_on_a_plain_port_is_named_in_the_log(self):
        with self.assertRaises((ssl.SSLError, ConnectionResetError)):
            Connection(self.server.addresses[1], tls=self.certificate.context)
        self.server.log.wait_for(r"http: 400: a TLS handshake on a port without TLS: is `tls = true`")

    def test_nonsense_is_no_handshake(self):
        for what, data in (("a record that is none", b"\x16\x03\x01\x00\x05hello"),
                           ("another protocol", b"SSH-2.0-client\r\n"), ("zeros", bytes(100)),
                           ("a client that says nothing", b"")):
            with self.subTest(what):
                c = self.raw()
                c.send(data).finish_sending()
                left = c.read_to_end()
                self.assertNotIn(b"HTTP", left)
                self.check_it_still_serves()


class Ends(HttpsCase):
    def test_a_client_that_is_done_talking_gets_its_answers(self):
        for what, finish in (("close_notify and FIN", lambda c: c.finish_sending()),
                             ("FIN alone", lambda c: c.socket.raw.shutdown(socket.SHUT_WR))):
            with self.subTest(what):
                c = self.connect(receive_buffer=8192)
                c.send(make_request("GET", "/") + make_request("GET", "/large"))
                finish(c)
                self.assertEqual(c.read_response().status, 200)
                self.assertTrue(c.read_response().body == LARGE)
                c.expect_close()  # with close_notify

    def test_content_that_is_cut_is_an_error_of_its_message(self):
        for what, finish in (("close_notify and FIN", lambda c: c.finish_sending()),
                             ("FIN alone", lambda c: c.socket.raw.shutdown(socket.SHUT_WR))):
            with self.subTest(what):
                before = len(self.server.log.matching("the client left before"))
                c = self.connect()
                c.send("POST /cgi-bin/environment.cgi HTTP/1.1\r\nHost: localhost\r\n"
                       "Content-Length: 1000\r\n\r\ntoo short")
                finish(c)
                c.read_to_end()
                self.server.log.wait_for("the client left before the end of its body", before + 1)

    def test_the_end_of_a_connection_is_said(self):
        with self.subTest("asked for"):
            c = self.connect()
            self.assertTrue(c.exchange("GET", fields={"Connection": "close"}).closes)
            c.expect_close()
        with self.subTest("after a mistake"):
            c = self.connect()
            self.assertEqual(c.send("GET / HTTP/1.1\r\nbad\r\n\r\n").read_response().status, 400)
            c.expect_close()

    def test_a_stop_says_it_to_whoever_is_idle(self):
        config = self.certificate.group + 'listen = ( { address = "127.0.0.1"; port = 0; tls = true; } );\n'
        with harness.Server(config + 'static: { root = "@DIR@/www"; };\n', self.FILES) as server:
            c = Connection(server.address, tls=self.certificate.context)
            self.addCleanup(c.close)
            c.exchange("GET")
            server.stop()
            c.expect_close()


class Slow(HttpsCase):
    # Time enough for a handshake on a busy machine, and less than the trickle takes.
    LIMITS = 'http: { handshake_timeout = "4s"; head_timeout = "1s"; };\n'

    def hello(self):
        sent, got = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = wire_tls.any_context().wrap_bio(got, sent, server_hostname="localhost")
        with self.assertRaises(ssl.SSLWantReadError):
            client.do_handshake()
        return sent.read()

    def test_a_handshake_that_trickles_does_not_move_its_deadline(self):
        before = len(self.server.log.matching("no handshake: it took too long"))
        c = self.raw()
        c.send_in_pieces(self.hello(), 1, pause=0.02)
        self.assertEqual(c.read_to_end(), b"")
        self.server.log.wait_for("tls: no handshake: it took too long", before + 1)

    def test_silence(self):
        for what, data in (("from the start", b""), ("after the hello", self.hello())):
            with self.subTest(what):
                c = self.raw()
                c.send(data)
                c.read_to_end()  # ends

    def test_a_handshake_without_a_request(self):
        c = self.connect()
        c.expect_close()

    def test_a_head_that_never_ends_is_answered(self):
        c = self.connect()
        self.assertEqual(c.send("GET / HTTP/1.1\r\nHost: l").read_response().status, 408)
        c.expect_close()


class Hosts(unittest.TestCase):
    """Two hosts, each with a certificate of its own."""

    def test_a_request_for_a_host_the_connection_is_not_for(self):
        a, b = wire_tls.Certificate(("a.test", "both.test")), wire_tls.Certificate(("b.test",))
        host = '{ names = [ %s ]; %s static: { root = "@DIR@/%s"; }; }'
        config = ('listen = ( { address = "127.0.0.1"; port = 0; tls = true; } );\n'
                  "hosts = ( %s, %s );\n" % (host % ('"a.test"', a.group, "a"),
                                             host % ('"b.test", "both.test"', b.group, "b")))
        with harness.Server(config, {"a/index.html": "a", "b/index.html": "b"}) as server:
            for sni, certificate, asked, status, text in (
                    ("a.test", a, "a.test", 200, "a"), ("b.test", b, "b.test", 200, "b"),
                    ("a.test", a, "b.test", 421, None), ("b.test", b, "a.test", 421, None),
                    ("a.test", a, "A.TEST:443", 200, "a"),
                    ("a.test", a, "both.test", 200, "b")):  # the certificate is good for it
                with self.subTest("%s asked on a connection to %s" % (asked, sni)), \
                        Connection(server.address, tls=certificate.context, name=sni) as c:
                    r = c.exchange("GET", host=asked)
                    self.assertEqual(r.status, status)
                    if text:
                        self.assertEqual(r.text, text)


class Bodies(HttpsCase):
    def test_files_beyond_2_gib(self):
        size = (2 << 30) + 12_345
        path = self.server.path("www/huge")
        with open(path, "wb") as huge:
            huge.truncate(size)
            huge.seek(size - 5)
            huge.write(b"horse")
        self.addCleanup(os.unlink, path)
        c = self.connect()
        r = c.exchange("GET", "/huge", {"Range": "bytes=%d-" % (size - 8)})
        self.assertEqual((r.status, r.body), (206, b"\0\0\0horse"))
        r = c.exchange("GET", "/huge", {"Range": "bytes=%d-%d" % ((1 << 31) - 2, (1 << 31) + 2)})
        self.assertEqual((r.status, r.body), (206, bytes(5)))
        done = subprocess.run(
            "curl -sS --cacert '%s' https://localhost:%d/huge | tail -c 5; " % (
                self.certificate.certificate, self.server.port) +
            "curl -sS --cacert '%s' -o /dev/null -w ' %%{size_download}' https://localhost:%d/huge" % (
                self.certificate.certificate, self.server.port),
            shell=True, stdout=subprocess.PIPE, timeout=250, check=True)
        self.assertEqual(done.stdout.decode(), "horse %d" % size)

    def test_a_file_that_is_cut_while_it_is_sent(self):
        path = self.server.path("www/cut")
        for i in range(TRUNCATIONS):
            with open(path, "wb") as f:
                f.write(LARGE)
            c = self.connect(receive_buffer=8192)
            c.send(make_request("GET", "/cut"))
            status, _, fields = c.read_head()
            self.assertEqual((status, dict(fields)["Content-Length"]), (200, str(len(LARGE))))
            os.truncate(path, (i * 7919) % 200_000)
            got = c.read_to_end()
            self.assertLess(len(got), len(LARGE))
            self.assertTrue(LARGE.startswith(got[:(i * 7919) % 200_000]))
            c.close()
        self.assertEqual(len(self.server.log.matching("the file became shorter while it was sent")),
                         TRUNCATIONS)
        self.check_it_still_serves()

    def test_an_answer_that_a_script_streams_arrives_whole(self):
        done = subprocess.run(
            ["curl", "-sS", "--cacert", self.certificate.certificate, "-o", os.devnull, "-w",
             "%{size_download}", "https://localhost:%d/cgi-bin/stream.cgi" % self.server.port],
            stdout=subprocess.PIPE, timeout=120, check=True)
        self.assertEqual(done.stdout, b"268435456")


class Memory(HttpsCase):
    # AddressSanitizer keeps up to 256 MiB of freed memory back; a MiB says nothing about leaks.
    ENV = {"ASAN_OPTIONS": "quarantine_size_mb=1"}

    def let_them_read(self, target, count):
        for c in [self.connect(receive_buffer=4096) for _ in range(count)]:
            c.send(make_request("GET", target))
            self.assertEqual(c.read_head()[0], 200)
        for _ in range(3):  # whoever read ahead without bounds would have by now
            self.check_it_still_serves()

    @unittest.skipUnless(os.path.isdir("/proc/self/fd"), "asks /proc for the memory of a process")
    def test_slow_readers_cost_little_memory(self):
        # 512 KiB each.  Twice that under AddressSanitizer: its red zones, its shadow (an eighth)
        # and that MiB.
        most_each = 1024 if self.server.is_sanitized() else 512
        for target, count in (("/large", 20), ("/cgi-bin/stream.cgi", 4)):
            with self.subTest(target):
                self.let_them_read(target, count)  # what is needed once is there now
                before = memory_kib(self.server.workers())
                self.let_them_read(target, count)
                self.assertLess(memory_kib(self.server.workers()) - before, count * most_each)


if __name__ == "__main__":
    harness.main()
