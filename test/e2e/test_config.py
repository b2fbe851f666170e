# test_config.py - the commands that look at a configuration, and their exit codes.
import json
import os
import subprocess
import tempfile
import unittest

import harness

OK, RUNTIME, USAGE, CONFIG = 0, 1, 2, 78


class Commands(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ostler-config-")
        self.addCleanup(folder.cleanup)
        self.folder = os.path.realpath(folder.name)

    def write(self, text, name="o.conf"):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def ostler(self, *arguments, **options):
        done = subprocess.run([harness.BINARY, *arguments], capture_output=True, text=True,
                              timeout=harness.TIMEOUT, cwd=self.folder, check=False, **options)
        self.assertNotRegex(done.stderr, harness.BROKEN)
        return done

    def assert_says(self, done, status, stdout, stderr):
        self.assertEqual((done.returncode, done.stdout, done.stderr), (status, stdout, stderr))

    # --- -t and -T ------------------------------------------------------------------

    def test_a_good_configuration_is_fine(self):
        path = self.write("static: { root = \"/\"; };\n")
        self.assert_says(self.ostler("-t", "-c", path), OK, f"ostler: {path} is fine\n", "")
        self.assert_says(self.ostler("-tqc", path), OK, "", "")

    def test_every_problem_is_told_and_the_exit_code_is_78(self):
        self.write('server: { wrkers = 2; };\nhttp: { max_body = 10; };\n')
        expected = '''o.conf:1:11: error: unknown setting "wrkers" in "server"; did you mean "workers"?
server: { wrkers = 2; };
          ^
o.conf:2:20: error: "max_body" in "http" must be a size in quotes, such as "10" \
(units: k, M, G or T), not 10
http: { max_body = 10; };
                   ^
'''
        self.assert_says(self.ostler("-t", "-c", "o.conf"), CONFIG, "",
                         expected + "ostler: o.conf: 2 errors\n")
        self.assert_says(self.ostler("-t", "-q", "-c", "o.conf"), CONFIG, "", expected)
        self.assertEqual(self.ostler("-T", "-c", "o.conf").returncode, CONFIG)
        self.assertEqual(self.ostler("-D", "-c", "o.conf").returncode, CONFIG)

    def test_a_warning_is_told_and_is_no_error(self):
        self.write('static: { root = "/"; }; locations = ( { path = "/a//b"; } );\n')
        done = self.ostler("-t", "-c", "o.conf")
        self.assertEqual(done.returncode, OK)
        self.assertEqual(done.stdout, "ostler: o.conf is fine, 1 warning\n")
        self.assertIn('warning: location "/a//b" can never match', done.stderr)
        self.assert_says(self.ostler("-tq", "-c", "o.conf"), OK, "", "")

    def test_problems_as_json_are_what_the_text_says(self):
        self.write('static: { root = "/"; };\nhttp: { idle_timeout = "30"; };\n')
        done = self.ostler("-t", "--json", "-c", "o.conf")
        self.assertEqual((done.returncode, done.stderr), (CONFIG, ""))
        self.assertEqual(json.loads(done.stdout), [{
            "severity": "error", "file": "o.conf", "line": 2, "column": 24,
            "text": '"idle_timeout" in "http" must be a time such as "30s" '
                    '(units: ms, s, m, h or d), not "30"',
            "source": 'http: { idle_timeout = "30"; };'}])
        self.write("")
        done = self.ostler("-t", "--json", "-c", "o.conf")
        self.assertEqual((done.returncode, json.loads(done.stdout), done.stderr), (OK, [], ""))

    def test_a_file_that_is_not_there(self):
        self.assert_says(self.ostler("-t", "-q", "-c", "none.conf"), CONFIG, "",
                         "none.conf: error: no such file or directory\n")

    def test_what_is_printed_is_a_configuration_with_the_same_meaning(self):
        self.write('static: { root = "docs"; };\n'
                   'hosts = ( { names = "a"; locations = ( { path = "/x/"; } ); } );\n')
        self.write('server: { workers = 7; };\n', "conf.d/more.conf")
        once = self.ostler("-T", "-c", "o.conf")
        self.assertEqual(once.returncode, OK)
        self.assertIn("    workers = 7;\n", once.stdout)
        self.assertIn(f'    root = "{self.folder}/docs";\n', once.stdout)
        self.write(once.stdout, "other/again.conf")
        twice = self.ostler("-T", "-c", "other/again.conf")
        self.assertEqual((twice.returncode, twice.stdout), (OK, once.stdout))

    def test_the_shipped_configuration_is_fine(self):
        path = os.path.join(harness.SOURCE, "etc", "ostler.conf")
        self.assertEqual(self.ostler("-tq", "-c", path).returncode, OK)

    # --- tables and versions ----------------------------------------------------------

    def test_modules_and_groups_are_described(self):
        table = self.ostler("-m")
        self.assertEqual((table.returncode, table.stderr), (OK, ""))
        for name in ["static", "accesslog", "server", "listen", "http", "hosts", "locations"]:
            self.assertRegex(table.stdout, rf"(?m)^  {name} ")
            one = self.ostler("-m", name)
            self.assertEqual((one.returncode, one.stderr), (OK, ""))
            self.assertTrue(one.stdout.startswith(name + " - "))
        self.assertIn("one a processor", self.ostler("-m", "server").stdout)
        self.assert_says(self.ostler("-m", "nothing"), USAGE, "",
                         'ostler: there is no module "nothing"; "ostler -m" lists them\n'
                         'Try "ostler -h".\n')

    def test_versions(self):
        short = self.ostler("-v")
        self.assertEqual((short.returncode, short.stderr), (OK, ""))
        self.assertRegex(short.stdout, r"^ostler \d+\.\d+\.\d+\n$")
        long = self.ostler("-V")
        self.assertEqual((long.returncode, long.stderr), (OK, ""))
        self.assertTrue(long.stdout.startswith(short.stdout))
        for word in ["compiler:", "libconfig: built with 1", "features:", "events: ",
                     "configuration: /", "modules: "]:
            self.assertIn(word, long.stdout)
        self.assertRegex(long.stdout, r"(?m)^libevent: built with 2\.\S+, running with 2\.\S+$")

    def test_help(self):
        done = self.ostler("-h")
        self.assertEqual((done.returncode, done.stderr), (OK, ""))
        self.assertIn("ostler serve [DIR]", done.stdout)

    # --- usage --------------------------------------------------------------------------

    def test_a_wrong_command_line_is_told_with_exit_code_2(self):
        for arguments, message in [
                (["-x"], "there is no option -x"),
                (["sevre"], 'there is no command "sevre"; did you mean "serve"?'),
                (["-t", "-T"], "-t and -T exclude each other"),
                (["-c"], "-c needs a value: -c FILE"),
                (["-s", "relaod"], '-s takes "reload", "reopen", "quit", "stop", "status" or '
                                   '"upgrade", not "relaod"')]:
            with self.subTest(arguments):
                self.assert_says(self.ostler(*arguments), USAGE, "",
                                 f'ostler: {message}\nTry "ostler -h".\n')

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full")
    def test_output_that_is_lost_is_a_failure(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            status = subprocess.call([harness.BINARY, "-h"], stdout=full)
        self.assertEqual(status, RUNTIME)


class InForce(harness.TestCase):
    """Hosts and locations of conf.d are what is served."""

    CONFIG = '''
static: { root = "@DIR@/www"; };
hosts = ( { names = [ "a.example", "*.a.example" ]; static: { root = "@DIR@/a"; };
            locations = ( { path = "/app"; static: { root = "@DIR@/app"; }; } ); } );
'''
    FILES = {"www/x": "server", "www/app/x": "no", "a/x": "host", "a/apple/x": "apple",
             "app/x": "location"}

    def answer(self, host, path):
        return self.server.get(path, host=host).text

    def test_host_and_longest_location_answer(self):
        for host, path, text in [("a.example", "/x", "host"), ("A.Example:1", "/x", "host"),
                                 ("b.a.example", "/x", "host"), ("other.example", "/x", "server"),
                                 ("a.example", "/app/x", "location"),
                                 ("a.example", "/apple/x", "apple")]:
            with self.subTest(host=host, path=path):
                self.assertEqual(self.answer(host, path), text)


if __name__ == "__main__":
    harness.main()
