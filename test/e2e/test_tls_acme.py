# test_tls_acme.py - plays an ACME client (http-01, RFC 8555 section 8.3) as doc/tls.md tells
# people to use one, and tries the configurations that are shown there.
import os
import re
import stat

import harness
from harness import SOURCE, run_ostler
from tls_case import Authority, TlsCase, install, subject

CHALLENGES = "/.well-known/acme-challenge/"


class Client:
    """What certbot and lego do: a token into the webroot, new files in place, then the hook."""

    def __init__(self, webroot, hook):
        self._webroot, self._hook = webroot, hook

    def order(self, authority, fetch, pair, server):
        token, content = "yQq3lYyRsRlf0HGnHiu4Fw", "yQq3lYyRsRlf0HGnHiu4Fw.9jg46WB3rR_AHD-EBXdN"
        folder = self._webroot + CHALLENGES
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, token)
        with open(path, "w", encoding="ascii") as f:
            f.write(content)
        try:
            if fetch(CHALLENGES + token) != content:  # the authority looks
                raise AssertionError("the authority does not find the token")
        finally:
            os.remove(path)
        install(server, pair, authority.pair("acme.example"))
        return self._hook()


class Acme(TlsCase):
    CONFIG = """
server: { workers = 2; pid_file = "ostler.pid"; };
listen = ( { address = "127.0.0.1"; port = 0; }, { address = "127.0.0.1"; port = 0; tls = true; } );
modules: { https = true; };
static: { root = "www"; };
https: { redirect = true; hsts = "1h"; };
tls: { certificate = "live.pem"; key = "live.key"; };
"""

    @classmethod
    def make_pairs(cls, authority):
        return {"live": authority.pair("old.example")}

    def fetch(self, path):
        response = self.server.get(path, host="acme.example")
        self.assertEqual(response.status, 200, path)
        return response.text

    def test_a_certificate_is_fetched_and_serves(self):
        self.assertEqual(subject(self.server, index=1), "old.example")
        self.assertEqual(self.server.get("/", host="acme.example")["Location"],
                         "https://acme.example/")

        def hook():
            return run_ostler("-c", self.server.path("ostler.conf"), "-s", "reload")

        client = Client(self.server.path("www"), hook)
        result = client.order(self.authority, self.fetch, "live", self.server)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(subject(self.server, index=1), "acme.example")
        status, body, said = self.curl("acme.example", "/", "-D", "-", index=1)
        self.assertEqual(status, 0, said)
        self.assertIn("Strict-Transport-Security: max-age=3600", body)
        # What is not there any more is not there, and not somewhere else either.
        self.assertEqual(self.server.get(CHALLENGES + "gone", host="acme.example").status, 404)

    def test_the_hook_fails_visibly_when_it_cannot_serve(self):
        config = self.server.path("ostler.conf")
        with open(config, encoding="utf-8") as f:
            good = f.read()
        self.server.write("ostler.conf", good.replace("live.key", "none.key"))
        result = run_ostler("-c", config, "-s", "reload")
        self.server.write("ostler.conf", good)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("none.key: cannot be read", result.stderr)


class Document(harness.unittest.TestCase):
    def test_every_configuration_in_the_document_loads(self):
        folder = harness.make_folder(self)
        authority = Authority()
        pair = authority.pair("example.org", "DNS:example.org,DNS:www.example.org,"
                              "DNS:shop.example.org,DNS:intern.example.org")
        for name, content in (("c.pem", pair.certificate), ("k.key", pair.key)):
            with open(os.path.join(folder, name), "wb") as f:
                f.write(content)
            os.chmod(f.name, stat.S_IRUSR | stat.S_IWUSR)
        with open(os.path.join(SOURCE, "doc/tls.md"), encoding="utf-8") as f:
            shown = re.findall(r"^```libconfig\n(.*?)^```$", f.read(), re.M | re.S)
        self.assertGreater(len(shown), 4)
        for text in shown:
            text = re.sub(r'"/etc/[^"]*key(\.pem)?"', '"k.key"', text)
            text = re.sub(r'"/etc/[^"]*"', '"c.pem"', text).replace("/var/www/html", folder)
            path = os.path.join(folder, "ostler.conf")
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            result = run_ostler("-t", "-c", path)
            with self.subTest(text):
                self.assertEqual((result.returncode, result.stderr), (0, ""))


if __name__ == "__main__":
    harness.main()
