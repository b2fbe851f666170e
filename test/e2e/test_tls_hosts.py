# test_tls_hosts.py - which certificate curl and openssl get, and what they may speak.
import harness
from tls_case import TlsCase, s_client, subject


def pair(name):
    return 'certificate = "%s.pem"; key = "%s.key"; ' % (name, name)


class Hosts(TlsCase):
    CONFIG = TlsCase.LISTEN + """
static: { root = "www"; };
tls: { %s };
hosts = ( { names = [ "a.example" ]; tls: { %s }; },
          { names = [ "*.w.example" ]; tls: { %s }; },
          { names = [ "both.example" ]; tls: { certificates = ( { %s }, { %s } ); }; },
          { names = [ "new.example" ]; tls: { %s min_version = "1.3"; }; },
          { names = [ "inherits.example" ]; } );
""" % (pair("server"), pair("a"), pair("w"), pair("ec"), pair("rsa"), pair("new"))

    @classmethod
    def make_pairs(cls, authority):
        return {"server": authority.pair("server.example",
                                         "DNS:server.example,DNS:inherits.example"),
                "a": authority.pair("a.example"),
                "w": authority.pair("*.w.example"),
                "ec": authority.pair("both.example"),
                "rsa": authority.pair("both.example", key="rsa"),
                "new": authority.pair("new.example")}

    def test_curl_gets_what_it_can_verify(self):
        for name in ("a.example", "x.w.example", "both.example", "new.example",
                     "inherits.example", "server.example"):
            with self.subTest(name):
                status, body, said = self.curl(name)
                self.assertEqual(status, 0, said)
                self.assertEqual(body, self.FILES["www/index.html"])

    def test_curl_refuses_a_name_that_no_certificate_is_for(self):
        self.assertEqual(self.curl("y.x.w.example")[0], 60)  # a wildcard is for one label
        self.assertEqual(self.curl("unknown.example")[0], 60)

    def test_the_name_chooses_the_certificate(self):
        for name, expected in (("a.example", "a.example"), ("A.EXAMPLE", "a.example"),
                               ("x.w.example", "*.w.example"), ("unknown.example", "server.example"),
                               (None, "server.example")):
            with self.subTest(name):
                self.assertEqual(subject(self.server, name=name), expected)

    def test_the_client_decides_between_ec_and_rsa(self):
        for options, expected in (([], "ECDSA"), (["-sigalgs", "ECDSA+SHA256"], "ECDSA"),
                                  (["-sigalgs", "RSA-PSS+SHA256"], "RSA-PSS"),
                                  (["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"], "RSA"),
                                  (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"],
                                   "ECDSA")):
            with self.subTest(options):
                said = s_client(self.server, *options, name="both.example")
                self.assertRegex(said, r"Peer signature type: %s\b" % expected)

    def test_the_issuers_come_along(self):
        self.assertIn("Verify return code: 0 (ok)",
                      s_client(self.server, "-CAfile", self.authority.ca))

    def test_versions(self):
        self.assertIn("Protocol  : TLSv1.2", s_client(self.server, "-tls1_2"))
        self.assertIn("TLSv1.3, Cipher is TLS_AES_128_GCM_SHA256", s_client(self.server))
        self.assertIsNone(subject(self.server, "-tls1_2", name="new.example"))
        self.assertEqual(subject(self.server, "-tls1_3", name="new.example"), "new.example")
        for old in ("-tls1_1", "-tls1"):
            self.assertIsNone(subject(self.server, old, "-cipher", "ALL:@SECLEVEL=0"))

    def test_ciphers_without_forward_secrecy_or_authentication_are_refused(self):
        for weak in ("AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA256",
                     "DHE-RSA-AES128-GCM-SHA256"):
            with self.subTest(weak):
                self.assertIsNone(subject(self.server, "-tls1_2", "-cipher", weak))

    def test_a_client_without_aes_in_hardware_gets_chacha20(self):
        said = s_client(self.server, "-ciphersuites",
                        "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256")
        self.assertIn("Cipher is TLS_CHACHA20_POLY1305_SHA256", said)

    def test_alpn(self):
        self.assertIn("ALPN protocol: http/1.1",
                      s_client(self.server, "-alpn", "h2,http/1.1"))
        self.assertIn("no application protocol", s_client(self.server, "-alpn", "h2"))


if __name__ == "__main__":
    harness.main()
