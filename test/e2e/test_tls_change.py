# test_tls_change.py - certificates that change while the server serves.
#
# OSTLER_LONG=1 makes 200 changes under load instead of 12, and then also wants every one of them
# to be seen within a second.
import hashlib
import os
import re
import signal
import ssl
import threading
import time

import harness
from tls_case import TlsCase, install, s_client

LONG = bool(os.environ.get("OSTLER_LONG"))


def shown(server):
    """SHA-256 of the certificate that a new connection gets."""
    host, port = server.address
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((host, port)))).digest()


def digest(pair):
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(
        pair.certificate.decode().split("-----END")[0] + "-----END CERTIFICATE-----\n")).digest()


class Load:
    """Clients that verify the server, each with new connections all the time."""

    def __init__(self, server, ca, clients=3):
        self._server = server
        self._context = ssl.create_default_context(cafile=ca)
        self._stop = threading.Event()
        self.answers, self.failures = 0, []
        self._threads = [harness.in_background(self._ask) for _ in range(clients)]

    def _ask(self):
        while not self._stop.is_set():
            try:
                with self._server.connect() as c:
                    with self._context.wrap_socket(c.socket, server_hostname="a.example") as tls:
                        tls.sendall(b"GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n")
                        answer = tls.recv(1000)
                        if not answer.startswith(b"HTTP/1.1 200 "):
                            raise ValueError("answer %r" % answer[:100])
                self.answers += 1
            except (OSError, ValueError) as e:
                self.failures.append(repr(e))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()


class Changes(TlsCase):
    CONFIG = ('server: { workers = 2; };\n' + TlsCase.LISTEN +
              'static: { root = "www"; };\n'
              'tls: { certificate = "server.pem"; key = "server.key"; };\n')
    ALLOW = "killed by SIGKILL"

    @classmethod
    def make_pairs(cls, authority):
        return {"server": authority.pair("a.example")}

    def change(self):
        pair = self.authority.pair("a.example")
        install(self.server, "server", pair)
        harness.wait_until(lambda: shown(self.server) == digest(pair), "the new certificate",
                           pause=0.005)
        return pair

    def test_changes_under_load(self):
        pairs = [self.authority.pair("a.example") for _ in range(200 if LONG else 12)]
        delays = []
        with Load(self.server, self.authority.ca) as load:
            harness.wait_until(lambda: load.answers > 20, "the load")
            for pair in pairs:
                install(self.server, "server", pair)
                began = time.monotonic()
                harness.wait_until(lambda: shown(self.server) == digest(pair), "the new one",
                                   pause=0.005)
                delays.append(time.monotonic() - began)
        self.assertEqual(load.failures, [])
        self.assertGreater(load.answers, 10 * len(pairs) if LONG else len(pairs))
        if LONG:
            print("%d changes, %d answers, seen after %.0f ms on average, %.0f ms at most" % (
                len(pairs), load.answers, 1000 * sum(delays) / len(delays), 1000 * max(delays)))
            self.assertLess(max(delays), 1.0)
        self.assertEqual(len(self.server.log.matching("the workers did not|not taken|did not take")), 0)

    def test_every_worker_has_the_new_one_and_who_takes_its_place(self):
        pair = self.change()
        # Each worker takes it when it comes round to it; from then on nobody shows the old one.
        harness.wait_until(lambda: all(shown(self.server) == digest(pair) for _ in range(8)),
                           "the new one from every worker")
        before = len(self.server.log.matching("started in its place"))
        for pid in self.server.workers():
            os.kill(pid, signal.SIGKILL)
        self.server.log.wait_for("started in its place", before + 2)
        for _ in range(8):
            self.assertEqual(shown(self.server), digest(pair))

    def test_a_connection_from_before_goes_on(self):
        context = ssl.create_default_context(cafile=self.authority.ca)
        with self.server.connect() as c:
            with context.wrap_socket(c.socket, server_hostname="a.example") as tls:
                for _ in range(2):
                    tls.sendall(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                    answer = tls.recv(1000)
                    self.assertRegex(answer, b"^HTTP/1.1 200 ")
                    self.assertNotIn(b"Connection: close", answer)
                    self.change()

    def test_a_bad_pair_leaves_the_old_one_and_is_told_once(self):
        pair = self.change()
        said = "tls: .*server.key: is not the key of .*the certificate from before goes on serving"
        before = len(self.server.log.matching(said))
        new = self.authority.pair("a.example")
        self.server.write("server.pem", new.certificate)
        self.server.log.wait_for(said, before + 1)
        self.assertEqual(shown(self.server), digest(pair))
        self.server.write("server.pem", new.certificate[:300])
        self.server.log.wait_for("certificate 1 in it is damaged or cut short")
        self.assertEqual(shown(self.server), digest(pair))
        # A reload with it is refused as a whole, and the old one goes on, too.
        refused = len(self.server.log.matching("reload refused"))
        self.server.kill(signal.SIGHUP)
        self.server.log.wait_for("reload refused", refused + 1)
        self.assertEqual(shown(self.server), digest(pair))
        self.assertEqual(len(self.server.log.matching(said)), before + 1)
        self.change()

    def test_a_reload_takes_what_is_there(self):
        new = self.authority.pair("a.example")
        install(self.server, "server", new)
        self.server.reload()
        self.assertEqual(shown(self.server), digest(new))

    def test_the_log_knows_nothing_of_keys(self):
        self.change()
        self.assertEqual(self.server.log.matching("PRIVATE|-----"), [])


class Stapling(TlsCase):
    CONFIG = (TlsCase.LISTEN + 'static: { root = "www"; };\n'
              'tls: { certificate = "server.pem"; key = "server.key"; ocsp = "server.ocsp"; };\n')

    @classmethod
    def make_pairs(cls, authority):
        cls.pair = authority.pair("a.example")
        cls.FILES["server.ocsp"] = authority.ocsp(cls.pair)
        return {"server": cls.pair}

    def stapled(self):
        return s_client(self.server, "-status", "-CAfile", self.authority.ca)

    def test_a_response_is_stapled_and_replaced(self):
        said = self.stapled()
        self.assertIn("OCSP Response Status: successful", said)
        self.assertIn("Cert Status: good", said)
        first = re.search("Produced At: .*", said).group()
        time.sleep(1.1 - time.time() % 1)  # responses are told apart by their second
        self.server.write("server.ocsp.new", self.authority.ocsp(self.pair))
        os.rename(self.server.path("server.ocsp.new"), self.server.path("server.ocsp"))
        harness.wait_until(lambda: re.search("Produced At: .*", self.stapled()).group() != first,
                           "the new response")
        self.server.write("server.ocsp", b"nonsense")
        self.server.log.wait_for("server.ocsp: is not stapled: it is no OCSP response in DER")
        self.assertIn("Cert Status: good", self.stapled())

    def test_who_does_not_ask_gets_none(self):
        self.assertNotIn("OCSP Response Status", s_client(self.server))


if __name__ == "__main__":
    harness.main()
