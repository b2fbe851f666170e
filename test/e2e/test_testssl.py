# test_testssl.py - testssl.sh against the defaults: no finding worse than "low".
#
# The short form asks what depends on settings of ours; OSTLER_TEST_TESTSSL=full runs every check
# that testssl.sh has, which takes minutes.
import json
import os
import shutil
import subprocess
import unittest

import harness

TESTSSL = shutil.which("testssl") or shutil.which("testssl.sh")
SHORT = ["--protocols", "--std", "--fs", "--server-defaults", "--renegotiation", "--compression",
         "--heartbleed", "--ccs", "--ticketbleed", "--tls-fallback", "--nodns", "none"]
FULL = os.environ.get("OSTLER_TEST_TESTSSL") == "full"
HARMLESS = ("OK", "INFO", "LOW")


class Authority:
    """A certificate of localhost that a test's own authority vouches for."""

    def __init__(self, folder):
        self.root, self.certificate, self.key = (
            os.path.join(folder, name) for name in ("root.pem", "cert.pem", "key.pem"))
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        self.run("req", "-x509", *curve, "-days", "100", "-subj", "/CN=ostler test authority",
                 "-keyout", os.path.join(folder, "root.key"), "-out", self.root)
        self.run("req", *curve, "-subj", "/CN=localhost", "-keyout", self.key,
                 "-out", os.path.join(folder, "request.pem"))
        extensions = os.path.join(folder, "extensions")
        with open(extensions, "w", encoding="utf-8") as out:
            out.write("subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n"
                      "crlDistributionPoints=URI:http://localhost/none.crl\n")
        self.run("x509", "-req", "-in", os.path.join(folder, "request.pem"), "-CA", self.root,
                 "-CAkey", os.path.join(folder, "root.key"), "-days", "89",
                 "-extfile", extensions, "-out", self.certificate)

    @staticmethod
    def run(*args):
        subprocess.run(["openssl", *args], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)


@unittest.skipUnless(TESTSSL, "needs testssl.sh, which packaging/install-deps.sh test installs")
class Testssl(unittest.TestCase):
    def test_nothing_is_worse_than_low(self):
        folder = harness.make_folder(self)
        os.chmod(folder, 0o755)
        pair = Authority(folder)
        config = """tls: { certificate = "%s"; key = "%s"; };
listen = ( { address = "127.0.0.1"; port = 0; tls = true; } );
static: { root = "@DIR@/www"; };
""" % (pair.certificate, pair.key)
        report = os.path.join(folder, "report.json")
        with harness.Server(config, {"www/index.html": "<!doctype html>\n"}) as server:
            subprocess.run(
                [TESTSSL, "--quiet", "--color", "0", "--warnings", "batch", "--add-ca", pair.root,
                 "--jsonfile", report, *([] if FULL else SHORT), "localhost:%d" % server.port],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                timeout=1700 if FULL else 800, check=False)
        with open(report, encoding="utf-8") as out:
            findings = {f["id"]: f for f in json.load(out)}
        # It says so when it could not look.
        findings.pop("engine_problem", None)
        worse = [f for f in findings.values() if f["severity"] not in HARMLESS]
        self.assertEqual(worse, [])
        for name, words in (("TLS1_1", "not offered"), ("TLS1_2", "offered"), ("TLS1_3", "offered"),
                            ("secure_client_renego", "not vulnerable"), ("heartbleed", "not"),
                            ("CRIME_TLS", "not vulnerable"), ("cert_chain_of_trust", "passed"),
                            ("FS", "offered")):
            with self.subTest(name):
                found = findings.get(name) or findings["P" + name]  # FS is PFS in testssl.sh 3.0
                self.assertIn(words, found["finding"])


if __name__ == "__main__":
    harness.main()
