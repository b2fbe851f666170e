# test_tls_check.py - what `ostler -t` says about certificates, and who reads keys.
import os
import unittest

import harness
from harness import run_ostler
from tls_case import Authority, subject, TlsCase, install


class Check(harness.unittest.TestCase):
    def setUp(self):
        self.folder = harness.make_folder(self)
        self.authority = Authority()

    def write(self, name, content, mode=0o600):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as f:
            f.write(content)
        os.chmod(path, mode)

    def check(self, pair, tls="", hosts=""):
        self.write("c.pem", pair.certificate)
        self.write("c.key", pair.key)
        self.write("ostler.conf", (
            'listen = ( { port = 443; tls = true; } );\nstatic: { root = "."; };\n'
            'tls: { certificate = "c.pem"; key = "c.key"; %s };\n%s' % (tls, hosts)).encode())
        result = run_ostler("-t", "-c", os.path.join(self.folder, "ostler.conf"))
        return result.returncode, result.stderr

    def test_a_good_pair_needs_no_words(self):
        self.assertEqual(self.check(self.authority.pair("a.example")), (0, ""))

    def test_an_end_that_is_near_is_a_warning(self):
        status, said = self.check(self.authority.pair("a.example", days=3))
        self.assertEqual((status, said), (0, ""))  # it lives for three days
        pair = self.authority.pair("a.example", days=0)
        status, said = self.check(pair)
        self.assertEqual(status, 0)
        self.assertRegex(said, r'ostler.conf:3:22: warning: "certificate" in "tls": \S+/c.pem: '
                               r"(expires in \d+ hours|expired on )")

    def test_a_pair_that_does_not_fit_is_an_error_with_its_place(self):
        pair = self.authority.pair("a.example")
        pair.key = self.authority.pair("a.example", key="rsa").key
        status, said = self.check(pair)
        self.assertEqual(status, 78)
        self.assertRegex(said, r'ostler.conf:3:37: error: "key" in "tls": \S+/c.key: is not the key '
                               r"of \S+/c.pem: that needs EC prime256v1, this is RSA 2048")

    def test_a_chain_without_its_middle_is_a_warning(self):
        pair = self.authority.pair("a.example")
        pair.certificate = pair.certificate.split(b"-----END CERTIFICATE-----\n")[0] + \
            b"-----END CERTIFICATE-----\n"
        status, said = self.check(pair)
        self.assertEqual(status, 0)
        self.assertIn('its issuer "CN=Test Authority" is neither in the file', said)

    def test_a_name_that_the_certificate_is_not_for_is_a_warning(self):
        status, said = self.check(self.authority.pair("a.example"),
                                  hosts='hosts = ( { names = [ "b.example" ]; } );\n')
        self.assertEqual(status, 0)
        self.assertRegex(said, r'ostler.conf:4:\d+: warning: \S+/c.pem is not for "b.example", '
                               r'browsers will refuse it: it is for "a.example"')

    def test_a_key_that_everybody_may_read_is_a_warning(self):
        pair = self.authority.pair("a.example")
        self.check(pair)
        os.chmod(os.path.join(self.folder, "c.key"), 0o644)
        result = run_ostler("-t", "-c", os.path.join(self.folder, "ostler.conf"))
        self.assertEqual(result.returncode, 0)
        self.assertIn("everybody on this machine may read the private key: chmod o-rwx",
                      result.stderr)

    def test_tls_in_a_location_is_a_mistake(self):
        status, said = self.check(self.authority.pair("a.example"),
                                  hosts='locations = ( { path = "/x"; tls: { }; } );\n')
        self.assertEqual(status, 78)
        self.assertIn('unknown setting "tls"', said)


@unittest.skipUnless(os.geteuid() == 0, "only root can change the user")
class Privileges(TlsCase):
    CONFIG = ('server: { workers = 1; user = "nobody"; };\n' + TlsCase.LISTEN +
              'static: { root = "www"; };\ntls: { certificate = "x.pem"; key = "x.key"; };\n')

    @classmethod
    def setUpClass(cls):
        cls.FILES = dict(cls.FILES)
        cls.authority = Authority()
        # Made with the folder, before the server starts: both belong to root alone.
        old = os.umask(0o077)
        try:
            pair = cls.authority.pair("a.example")
            cls.FILES["x.pem"], cls.FILES["x.key"] = pair.certificate, pair.key
            harness.TestCase.setUpClass.__func__(cls)
        finally:
            os.umask(old)

    def test_keys_may_belong_to_root_alone(self):
        self.assertEqual(os.stat(self.server.path("x.key")).st_mode & 0o077, 0)
        self.assertEqual(subject(self.server), "a.example")
        install(self.server, "x", self.authority.pair("b.example"))
        harness.wait_until(lambda: subject(self.server) == "b.example", "the new certificate")


if __name__ == "__main__":
    harness.main()
