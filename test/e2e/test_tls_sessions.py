# test_tls_sessions.py - clients that come back, to whichever worker, and to no other host.
import os
import signal
import unittest

import harness
from tls_case import TlsCase, Visitor, s_client

HOST = '{ names = [ "%s" ]; tls: { certificate = "server.pem"; key = "server.key"; }; }'
REQUEST = b"GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"


class Sessions(Visitor, TlsCase):
    CONFIG = ('server: { workers = 2; };\n' + TlsCase.LISTEN +
              'static: { root = "www"; };\n'
              'tls: { certificate = "server.pem"; key = "server.key"; };\n'
              'hosts = ( %s, %s, { names = [ "c.example" ]; } );\n' % (
                  HOST % "a.example", HOST % "b.example"))

    def test_every_worker_continues_a_session(self):
        for version in ("-tls1_2", "-tls1_3"):
            session = self.session_file()
            self.assertFalse(self.visit(version, session, save=True))
            reused = [self.visit(version, session) for _ in range(20)]
            self.assertEqual(reused, [True] * 20, version)

    def test_sessions_outlive_workers_and_reloads(self):
        for version in ("-tls1_2", "-tls1_3"):
            session = self.session_file()
            self.visit(version, session, save=True)
            self.server.reload()
            self.assertEqual([self.visit(version, session) for _ in range(6)], [True] * 6)

    def test_no_session_crosses_hosts(self):
        for version in ("-tls1_2", "-tls1_3"):
            session = self.session_file()
            self.visit(version, session, save=True)
            # The same certificate and settings, the server scope, an unknown name.
            for name in ("b.example", "c.example", "unknown.example"):
                with self.subTest(version=version, name=name):
                    self.assertFalse(self.visit(version, session, name=name))
            self.assertTrue(self.visit(version, session))

    def test_no_early_data(self):
        said = s_client(self.server, "-tls1_3", "-ign_eof", request=REQUEST)
        self.assertIn("Max Early Data: 0", said)


@unittest.skipUnless(os.environ.get("OSTLER_LONG"), "takes a minute: OSTLER_LONG=1")
class Rotated(Visitor, TlsCase):
    CONFIG = Sessions.CONFIG.replace("tls: { cert", 'tls: { resumption = "30s"; cert', 1)

    def test_every_worker_knows_the_keys_that_rotate(self):
        for rotation in (1, 2):
            self.server.log.wait_for("tls: new ticket keys", rotation, timeout=120)
            session = self.session_file()
            self.visit("-tls1_3", session, save=True)
            self.assertEqual([self.visit("-tls1_3", session) for _ in range(4)], [True] * 4)


class Restarted(Visitor, TlsCase):
    ALLOW = "killed by SIGKILL"
    CONFIG = Sessions.CONFIG

    def test_a_worker_in_place_of_one_that_died_knows_the_keys(self):
        session = self.session_file()
        self.visit("-tls1_3", session, save=True)
        before = self.server.workers()
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        self.server.log.wait_for("started in its place", 2)
        self.assertEqual([self.visit("-tls1_3", session) for _ in range(6)], [True] * 6)


if __name__ == "__main__":
    harness.main()
