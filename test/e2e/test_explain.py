# test_explain.py - ostler explain: the answer it foretells is the one the server gives, and why.
import json
import os

import harness

CONFIG = '''
modules: { cgi = true; };
static: { root = "@DIR@/www"; };
hosts = ( { names = [ "a.example" ];
            static: { root = "@DIR@/a"; symlinks = "none"; };
            locations = (
              { path = "/cgi-bin/"; cgi: { root = "@DIR@/cgi"; executable = true;
                                         environment: { MARK = "@DIR@/mark"; }; }; },
              { path = "/list/"; autoindex: { enabled = true; }; } ); } );
'''


class Explain(harness.TestCase):
    CONFIG = CONFIG
    FILES = {"www/index.html": "start\n", "www/a.txt": "text\n", "www/.secret": "no\n",
             "a/a.txt": "of a\n", "a/list/x": "x", "a/plain/x": "x", "cgi/broken": "#!/nowhere\n",
             "cgi/ok": "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nran' ; touch \"$MARK\"\n"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name in ("broken", "ok"):
            os.chmod(cls.server.path("cgi/" + name), 0o755)
        os.symlink("a.txt", cls.server.path("a/link"))

    def explain(self, *arguments):
        done = harness.run_ostler("explain", *arguments, "-c", self.server.path("ostler.conf"))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def explain_json(self, *arguments):
        return json.loads(self.explain(*arguments, "--json"))

    def notes(self, explained, module):
        return [note for step in explained["steps"] if step.get("module") == module
                for note in step["notes"]]

    def test_the_answer_is_the_one_of_the_server(self):
        for method, host, path, fields in [
                ("GET", "localhost", "/a.txt", []), ("HEAD", "localhost", "/a.txt", []),
                ("GET", "a.example", "/a.txt", []), ("GET", "localhost", "/", []),
                ("GET", "localhost", "/none", []), ("POST", "localhost", "/a.txt", []),
                ("GET", "a.example", "/list/", []), ("GET", "a.example", "/list", []),
                ("GET", "a.example", "/link", []), ("OPTIONS", "localhost", "*", []),
                ("GET", "localhost", "/a.txt", [("Range", "bytes=1-2")]),
                ("GET", "localhost", "/a%zz", [])]:
            with self.subTest(method=method, host=host, path=path, fields=fields):
                options = [x for f in fields for x in ("--header", "%s: %s" % f)]
                told = self.explain_json(
                    method, path, "--header", "Host: " + host, *options)
                real = self.server.request(method, path, fields, host=host)
                self.assertEqual(told["status"], real.status)
                # What depends on the moment, and what was asked for of the connection.
                moment = ("date", "connection")
                ours = sorted((f["name"].lower(), f["value"]) for f in told["fields"]
                              if f["name"].lower() not in moment)
                theirs = sorted((n.lower(), v) for n, v in real.fields if n.lower() not in moment)
                if real.status < 400:
                    self.assertEqual(ours, theirs)

    def test_it_says_which_file_was_looked_for(self):
        missing = self.explain_json("http://a.example/plain/none/x")
        self.assertEqual(missing["status"], 404)
        self.assertEqual(self.notes(missing, "static"),
                         [self.server.path("a/plain/none") + ": no such file or directory"])
        found = self.explain_json("http://a.example/a.txt")
        self.assertEqual(found["file"], self.server.path("a/a.txt"))

    def test_it_says_which_rule_refused(self):
        for path, status, rule in [("/.secret", 404, "static.hidden"),
                                   ("http://a.example/link", 403, "static.symlinks"),
                                   ("http://a.example/plain/", 404, "autoindex.enabled")]:
            with self.subTest(path):
                told = self.explain_json(path)
                self.assertEqual(told["status"], status)
                self.assertIn(rule, " ".join(n for s in told["steps"] for n in s["notes"]))

    def test_a_script_is_named_and_not_run(self):
        mark = self.server.path("mark")
        self.addCleanup(lambda: os.path.exists(mark) and os.remove(mark))
        told = self.explain_json("http://a.example/cgi-bin/ok/more?q")
        self.assertEqual((told["file"], told["script"]), (self.server.path("cgi/ok"), True))
        self.assertIn("PATH_INFO=/more", told["environment"])
        self.assertFalse(os.path.exists(mark))
        self.server.get("/cgi-bin/ok", host="a.example")
        self.assertTrue(os.path.exists(mark))
        self.assertIn("QUERY_STRING=q\n",
                      self.explain("http://a.example/cgi-bin/ok?q", "--environment"))

    def test_a_script_that_cannot_run_has_its_diagnosis(self):
        told = self.explain_json("http://a.example/cgi-bin/broken")
        self.assertEqual(told["status"], 500)
        self.assertIn('its interpreter "/nowhere" does not exist', self.notes(told, "cgi")[0])

    def test_text_for_people(self):
        text = self.explain("a.example/a.txt", "--from", "192.0.2.7")
        self.assertTrue(text.startswith("GET http://a.example/a.txt from 192.0.2.7\n\n"
                                        "host      a.example\nlocation  / for /a.txt\n"))
        self.assertIn("file      %s\nanswer    200 OK\n" % self.server.path("a/a.txt"), text)

    def test_a_request_that_is_refused_is_told_why(self):
        self.assertIn("refused   space in the request line\n", self.explain("/a b"))

    def test_nothing_reaches_the_server(self):
        before = len(self.server.log.lines())
        self.explain("http://a.example/cgi-bin/ok")
        self.assertEqual(len(self.server.log.lines()), before)

    def test_wrong_command_lines(self):
        for arguments, message in [
                (["explain"], "which address? ostler explain [METHOD] URL"),
                (["explain", "ftp://x/"], '"ftp://x/" is neither a URL'),
                (["explain", "/x", "/y"], 'unexpected "/y"'),
                (["explain", "/x", "--header", "x"], '--header takes "NAME: VALUE", not "x"'),
                (["explain", "/x", "--from", "localhost"],
                 '--from takes an address such as 192.0.2.7 or 2001:db8::7, not "localhost"'),
                (["-t", "--from", "::1"], "--header, --from and --environment go with explain")]:
            with self.subTest(arguments):
                done = harness.run_ostler(*arguments)
                self.assertEqual(done.returncode, 2)
                self.assertIn(message, done.stderr)


if __name__ == "__main__":
    harness.main()
