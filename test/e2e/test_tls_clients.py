# test_tls_clients.py - certificates of clients: who comes in, and what scripts learn.
import os

import harness
from tls_case import Authority, TlsCase

SCRIPT = """#!/bin/sh
printf 'Content-Type: text/plain\\n\\n'
env | grep '^SSL_' | sort
"""


class Clients(TlsCase):
    CONFIG = TlsCase.LISTEN + """
modules: { cgi = true; };
static: { root = "www"; };
locations = ( { path = "/cgi-bin/"; cgi: { root = "cgi-bin"; }; } );
tls: { certificate = "server.pem"; key = "server.key"; };
hosts = (
  { names = [ "may.example" ]; tls: { client_certificates = "optional"; client_ca = "staff.pem"; }; },
  { names = [ "must.example" ]; tls: { client_certificates = "require"; client_ca = "staff.pem"; }; },
  { names = [ "open.example" ]; } );
"""
    FILES = {**harness.TestCase.FILES, "cgi-bin/env": SCRIPT}

    @classmethod
    def make_pairs(cls, authority):
        cls.staff = Authority("Staff")
        with open(cls.staff.ca, "rb") as f:
            cls.FILES["staff.pem"] = f.read()
        strangers = Authority("Strangers")
        return {"server": authority.pair(
                    "server.example", "DNS:may.example,DNS:must.example,DNS:open.example"),
                "anna": cls.staff.pair("Anna", client=True),
                "eve": strangers.pair("Eve", client=True)}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        os.chmod(cls.server.path("cgi-bin/env"), 0o755)

    def environment(self, host, who=None, *more):
        """SSL_* as a script sees them; None when the connection is refused."""
        mine = []
        if who:
            mine = ["--cert", self.server.path(who + ".pem"),
                    "--key", self.server.path(who + ".key")]
        status, body, _ = self.curl(host, "/cgi-bin/env", *mine, *more)
        if status != 0:
            return None
        return dict(line.split("=", 1) for line in body.splitlines())

    def test_without_being_asked_nobody_tells(self):
        self.assertEqual(self.environment("open.example", "anna"),
                         {"SSL_PROTOCOL": "TLSv1.3", "SSL_CIPHER": "TLS_AES_128_GCM_SHA256",
                          "SSL_TLS_SNI": "open.example"})

    def test_optional(self):
        seen = self.environment("may.example", "anna")
        self.assertEqual(seen["SSL_CLIENT_VERIFY"], "SUCCESS")
        self.assertEqual(seen["SSL_CLIENT_S_DN"], "CN=Anna")
        self.assertEqual(seen["SSL_CLIENT_I_DN"], "CN=Staff")
        self.assertRegex(seen["SSL_CLIENT_M_SERIAL"], "^[0-9A-F]+$")
        self.assertRegex(seen["SSL_CLIENT_FINGERPRINT"], "^[0-9a-f]{64}$")
        self.assertEqual(self.environment("may.example")["SSL_CLIENT_VERIFY"], "NONE")
        eve = self.environment("may.example", "eve")
        self.assertRegex(eve["SSL_CLIENT_VERIFY"], "^FAILED:")
        self.assertNotIn("SSL_CLIENT_S_DN", eve)

    def test_require(self):
        for version in ("--tlsv1.3", "--tls-max=1.2"):
            with self.subTest(version):
                args = version.split("=")
                self.assertEqual(self.environment("must.example", "anna", *args)["SSL_CLIENT_S_DN"],
                                 "CN=Anna")
                self.assertIsNone(self.environment("must.example", None, *args))
                self.assertIsNone(self.environment("must.example", "eve", *args))

    def test_no_way_in_through_another_host(self):
        status, body, _ = self.curl("open.example", "/", "-H", "Host: must.example", "-w",
                                    "%{http_code}")
        self.assertEqual(status, 0)
        self.assertTrue(body.endswith("421"), body)

    def test_a_client_cannot_pose_as_another_by_a_field(self):
        seen = self.environment("may.example", None, "-H", "SSL-Client-Verify: SUCCESS", "-H",
                                "SSL_CLIENT_S_DN: CN=Anna")
        self.assertEqual(seen["SSL_CLIENT_VERIFY"], "NONE")
        self.assertNotIn("SSL_CLIENT_S_DN", seen)


if __name__ == "__main__":
    harness.main()
