# test_warnings.py - what ostler -t warns of, and hosts that are left out.
import json
import os
import unittest

import harness


class Warnings(unittest.TestCase):
    def setUp(self):
        self.folder = harness.make_folder(self)
        os.chmod(self.folder, 0o755)

    def path(self, name):
        return os.path.join(self.folder, name)

    def mkdir(self, name, mode=0o755):
        os.makedirs(self.path(name), exist_ok=True)
        os.chmod(self.path(name), mode)

    def warnings(self, text):
        """(line, column, text) of each; the configuration must be good otherwise."""
        with open(self.path("o.conf"), "w", encoding="utf-8") as out:
            out.write(text.replace("@DIR@", self.folder))
        done = harness.run_ostler("-t", "--json", "-c", "o.conf", cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        found = json.loads(done.stdout)
        self.assertEqual({p["severity"] for p in found}, {"warning"} if found else set())
        return [(p["line"], p["column"], p["text"].replace(self.folder, "@DIR@")) for p in found]

    def test_a_root_that_is_not_there_or_no_folder(self):
        self.mkdir("www")
        with open(self.path("file"), "w", encoding="utf-8"):
            pass
        found = self.warnings('static: { root = "@DIR@/www"; };\n'
                              'hosts = ( { names = "a"; static: { root = "@DIR@/none"; }; },\n'
                              '          { names = "b"; static: { root = "@DIR@/file"; }; } );\n')
        self.assertEqual(found, [
            (2, 43, '"root" in "static": there is no folder @DIR@/none'),
            (3, 43, '"root" in "static": @DIR@/file is not a folder')])

    def test_logs_and_the_pid_file_without_their_folders(self):
        text = ('server: { error_log = "@DIR@/%s/e.log"; pid_file = "@DIR@/%s/pid"; };\n'
                'static: { root = "@DIR@"; index = [ "o.conf" ]; };\n'
                'accesslog: { file = "@DIR@/%s/a.log"; };\n')
        line = text.replace("@DIR@/%s", self.folder + "/log")
        column = line.index('pid_file = "') + len('pid_file = "')
        self.assertEqual(sorted(self.warnings(text % ("log", "run", "log"))), [
            (1, 23, '"error_log" in "server": there is no folder @DIR@/log'),
            (1, column, '"pid_file" in "server": there is no folder @DIR@/run'),
            (3, 21, '"file" in "accesslog": there is no folder @DIR@/log')])
        self.mkdir("log")
        self.mkdir("run")
        self.assertEqual(self.warnings(text % ("log", "run", "log")), [])

    def test_an_index_that_is_never_found(self):
        self.mkdir("www")
        text = 'static: { root = "@DIR@/www"; index = [ "start.html", "index.htm" ]; };\n'
        self.assertEqual([t for _, _, t in self.warnings(text)],
                         ['"index" in "static": there is none of these in @DIR@/www itself'])
        with open(self.path("www/index.htm"), "w", encoding="utf-8"):
            pass
        self.assertEqual(self.warnings(text), [])

    def test_interpreters_that_are_not_there_or_no_programs(self):
        with open(self.path("text"), "w", encoding="utf-8") as out:
            out.write("not to be run\n")
        self.mkdir("folder")
        text = ('modules: { cgi = true; };\nstatic: { root = "@DIR@"; index = []; };\n'
                'cgi: { interpreters: { %s }; };\n')
        self.assertEqual(self.warnings(text % 'sh = "/bin/sh"; py = "";'), [])
        for name, said in (("none", "there is no program @DIR@/none"),
                           ("folder", "there is no program @DIR@/folder"),
                           ("text", "this user may not run @DIR@/text")):
            found = self.warnings(text % ('sh = "@DIR@/%s";' % name))
            self.assertEqual([t for _, _, t in found], ['"interpreters" in "cgi": ' + said])

    def test_listeners_that_are_part_of_others(self):
        found = self.warnings('static: { root = "/"; };\nlisten = ( { port = 8080; },\n'
                              '           { address = "127.0.0.1"; port = 8080; },\n'
                              '           { address = "::1"; port = 8081; } );\n')
        self.assertEqual(found, [(3, 12, "127.0.0.1:8080 is part of *:8080: most systems do not "
                                         "let both be listened on")])

    def test_locations_that_can_never_match(self):
        found = self.warnings('locations = ( { path = "/a//b"; },\n{ path = "/a/../b"; },\n'
                              '{ path = "/a%20b"; },\n{ path = "/a?b"; },\n{ path = "/img/*"; },\n'
                              '{ path = "/fine"; } );\n')
        self.assertEqual([line for line, _, _ in found], [1, 2, 3, 4, 5])
        self.assertEqual(found[2][2], 'location "/a%20b" will hardly match: a request\'s path is '
                                      'decoded before: write the character itself')

    def test_sessions_without_tls(self):
        modules = harness.run_ostler("-m").stdout
        if " session " not in modules:
            self.skipTest("a build without sessions")
        text = ('listen = ( { %s } );\nmodules: { session = true;%s };\n'
                'session: { store = "sqlite:@DIR@/s.db"; };\n')
        cookie = " cookie = true;" if " cookie " in modules else ""
        try:
            found = self.warnings(text % ("port = 8080;", cookie))
        except AssertionError as error:
            if "this build has no such store" in str(error):
                self.skipTest("a build without SQLite")
            raise
        self.assertEqual(len([t for _, _, t in found if t.startswith('"session" without TLS')]), 1)
        self.assertEqual(self.warnings(text % ('address = "127.0.0.1"; port = 8080;', cookie)), [])

    @unittest.skipUnless(os.geteuid() == 0, "only root can look as somebody else")
    def test_what_the_configured_user_cannot_read_and_could_change(self):
        self.mkdir("closed", 0o700)
        self.mkdir("closed/www")
        self.mkdir("secret", 0o700)
        self.mkdir("open")
        self.mkdir("cgi", 0o777)
        text = ('server: { user = "nobody"; };\nmodules: { cgi = true; };\n'
                'static: { root = "@DIR@/open"; };\n'
                'hosts = ( { names = "a"; static: { root = "@DIR@/closed/www"; }; },\n'
                '          { names = "b"; static: { root = "@DIR@/secret"; }; },\n'
                '          { names = "c"; cgi: { root = "@DIR@/cgi"; }; } );\n')
        found = self.warnings(text)
        self.assertEqual(found, [
            (4, 43, '"root" in "static": the user "nobody" may not search @DIR@/closed, on the way '
                    'to @DIR@/closed/www'),
            (5, 43, '"root" in "static": the user "nobody" may not read @DIR@/secret'),
            (6, 40, '"root" in "cgi": the user "nobody" may write to @DIR@/cgi: who breaks into a '
                    'script could leave another one')])
        # Whoever runs the server himself owns his scripts, and root may read everything.
        self.assertEqual(self.warnings(text.split("\n", 1)[1]), [])


HOSTS = '''
static: { root = "@DIR@/www"; };
hosts = ( { names = [ "good.example" ]; },
          { names = [ "bad.example", "*.bad.example" ]; static: { etag = 1; };
            locations = ( { path = "/x/"; } ); OPTION } );
'''


class LeftOut(unittest.TestCase):
    FILES = {"www/a": "a\n", "www/x/a": "x\n"}

    def test_one_bad_host_is_left_out_by_choice_and_the_others_serve(self):
        for server, option in [("server: { workers = 1; skip_bad_hosts = true; };", ""),
                               ("", "optional = true;")]:
            with self.subTest(option=option):
                config = server + HOSTS.replace("OPTION", option)
                with harness.Server(config, self.FILES) as s:
                    s.log.wait_for(r"\[error\].*\"etag\" in \"static\" must be true or false, not 1; "
                                   r"this host is left out")
                    self.assertEqual(s.get("/a", host="good.example").text, "a\n")
                    for host in ("bad.example", "www.bad.example"):
                        for path in ("/a", "/x/a"):
                            self.assertEqual(s.get(path, host=host).status, 503)
                    self.assertEqual(s.get("/a", host="other.example").text, "a\n")
                    conf = s.path("ostler.conf")
                    tested = harness.run_ostler("-t", "-c", conf)
                    self.assertEqual(tested.returncode, 78)
                    self.assertIn("this host is left out", tested.stderr)
                    printed = harness.run_ostler("-T", "-c", conf)
                    self.assertEqual(printed.returncode, 78)
                    self.assertNotIn("bad.example", printed.stdout)
                    s.reload(config.replace("etag = 1", "etag = true"))
                    self.assertEqual(s.get("/a", host="bad.example").text, "a\n")
                    s.reload(config)
                    self.assertEqual(s.get("/a", host="bad.example").status, 503)

    def test_without_that_choice_nothing_starts(self):
        folder = harness.make_folder(self)
        for text in (HOSTS.replace("OPTION", ""),
                     "server: { skip_bad_hosts = true; };" + HOSTS.replace("OPTION", "optional = false;"),
                     "server: { skip_bad_hosts = true; colour = 1; };" + HOSTS.replace("OPTION", "")):
            with open(os.path.join(folder, "o.conf"), "w", encoding="utf-8") as out:
                out.write(text.replace("@DIR@", folder))
            done = harness.run_ostler("-D", "-c", "o.conf", cwd=folder)
            self.assertEqual(done.returncode, 78)


if __name__ == "__main__":
    unittest.main(verbosity=2)
