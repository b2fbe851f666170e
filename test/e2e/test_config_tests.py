# test_config_tests.py - assertions in the configuration: ostler -t --run-tests.
import json
import os
import unittest

import harness

SITE = '''
modules: { cgi = true; };
static: { root = "www"; };
locations = ( { path = "/cgi-bin/"; cgi: { root = "cgi"; executable = true; }; } );
hosts = ( { names = [ "a.example" ]; static: { root = "a"; }; } );
'''


class Tests(unittest.TestCase):
    def setUp(self):
        self.folder = harness.make_folder(self)
        os.chmod(self.folder, 0o755)
        for name, content in {"www/index.html": "start\n", "a/index.html": "of a\n",
                              "cgi/echo": "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n"
                                          "echo \"$REQUEST_METHOD $QUERY_STRING $REMOTE_ADDR\"; cat\n"}.items():
            path = os.path.join(self.folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as out:
                out.write(content)
        os.chmod(os.path.join(self.folder, "cgi/echo"), 0o755)
        os.mkdir(os.path.join(self.folder, "www/sub"))

    def run_tests(self, tests, *options, site=SITE):
        with open(os.path.join(self.folder, "o.conf"), "w", encoding="utf-8") as out:
            out.write("tests = (\n" + tests + "\n);\n" + site)
        return harness.run_ostler("-t", "--run-tests", "-c", "o.conf", *options, cwd=self.folder)

    def test_what_is_as_expected_passes(self):
        done = self.run_tests('''
  { url = "/"; body_contains = "start"; header: { Content-Type = "text/html; charset=utf-8"; }; },
  { url = "http://a.example/"; body_contains = [ "of", "a" ]; },
  { url = "/none"; status = 404; },
  { url = "/sub"; status = 301; location = "/sub/"; },
  { url = "/"; method = "HEAD"; header: { ETag = "*"; Set-Cookie = ""; }; },
  { url = "/"; headers: { Range = "bytes=0-1"; }; status = 206; body_contains = "st"; },
  { url = "/"; headers: { Host = "A.example"; }; body_contains = "of a"; },
  { url = "/cgi-bin/echo?x"; method = "POST"; content = "sent"; from = "192.0.2.1";
    body_contains = [ "POST x 192.0.2.1", "sent" ]; },
  { url = "/"; method = "DELETE"; status = 405; header: { Allow = "GET, HEAD, OPTIONS"; }; }''')
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, "ostler: o.conf is fine, 9 tests passed\n")

    def test_every_difference_is_told_at_its_place(self):
        done = self.run_tests('''  { url = "/"; status = 404; body_contains = [ "nope", "start" ]; },
  { url = "/sub"; status = 301; location = "/other/"; },
  { url = "/"; header: { ETag = ""; X-A = "b"; Accept-Ranges = "none"; }; },
  { url = "/%zz" }''')
        self.assertEqual((done.returncode, done.stdout), (78, ""))
        text = done.stderr
        etag = text.split("ETag is ")[1].split(", and")[0]
        self.assertEqual(text, f'''o.conf:2:25: error: test GET /: the status is 200 OK, not 404
  {{ url = "/"; status = 404; body_contains = [ "nope", "start" ]; }},
                        ^
o.conf:2:46: error: test GET /: the content, 6 bytes, does not contain "nope"
  {{ url = "/"; status = 404; body_contains = [ "nope", "start" ]; }},
                                             ^
o.conf:3:44: error: test GET /sub: Location is "/sub/", not "/other/"
  {{ url = "/sub"; status = 301; location = "/other/"; }},
                                           ^
o.conf:4:24: error: test GET /: ETag is {etag}, and should not be there
  {{ url = "/"; header: {{ ETag = ""; X-A = "b"; Accept-Ranges = "none"; }}; }},
                       ^
o.conf:4:24: error: test GET /: there is no X-A in the answer
  {{ url = "/"; header: {{ ETag = ""; X-A = "b"; Accept-Ranges = "none"; }}; }},
                       ^
o.conf:4:24: error: test GET /: Accept-Ranges is "bytes", not "none"
  {{ url = "/"; header: {{ ETag = ""; X-A = "b"; Accept-Ranges = "none"; }}; }},
                       ^
o.conf:5:3: error: test GET /%zz: the status is 400 Bad Request, not 200: bad path
  {{ url = "/%zz" }}
  ^
ostler: o.conf: 4 of 4 tests failed; "ostler explain" shows how an answer comes about
''')

    def test_failures_as_json(self):
        done = self.run_tests('{ url = "/none"; }', "--json")
        self.assertEqual(done.returncode, 78)
        told = json.loads(done.stdout)
        self.assertEqual([(p["severity"], p["line"], p["text"]) for p in told],
                         [("error", 2, "test GET /none: the status is 404 Not Found, not 200")])
        done = self.run_tests('{ url = "/"; }', "--json")
        self.assertEqual((done.returncode, json.loads(done.stdout)), (0, []))

    def test_only_when_it_is_asked_for(self):
        with open(os.path.join(self.folder, "o.conf"), "w", encoding="utf-8") as out:
            out.write('tests = ( { url = "/none"; } );\n' + SITE)
        for options in (["-t"], ["-T"]):
            done = harness.run_ostler(*options, "-c", "o.conf", cwd=self.folder)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_configuration_without_tests(self):
        with open(os.path.join(self.folder, "o.conf"), "w", encoding="utf-8") as out:
            out.write(SITE)
        done = harness.run_ostler("-t", "--run-tests", "-c", "o.conf", cwd=self.folder)
        self.assertEqual((done.returncode, done.stdout), (0, "ostler: o.conf is fine, no tests\n"))

    def test_tests_of_a_drop_in_are_run_as_well(self):
        os.mkdir(os.path.join(self.folder, "conf.d"))
        with open(os.path.join(self.folder, "conf.d/a.conf"), "w", encoding="utf-8") as out:
            out.write('tests = ( { url = "/none"; } );\n')
        done = self.run_tests('{ url = "/"; }')
        self.assertEqual(done.returncode, 78)
        self.assertIn("conf.d/a.conf:1:11: error: test GET /none", done.stderr)
        self.assertIn("1 of 2 tests failed", done.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "only root can become somebody else")
    def test_they_are_run_as_the_workers_are(self):
        os.chmod(os.path.join(self.folder, "www/index.html"), 0o600)
        user = 'server: { user = "nobody"; };\n'
        done = self.run_tests('{ url = "/"; status = 403; }', site=user + SITE)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
