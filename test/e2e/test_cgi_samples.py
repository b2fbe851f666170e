# test_cgi_samples.py - the scripts that are shipped, `ostler cgi run` and `ostler serve --cgi`.
import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile

import harness
from cgi_case import SH
from wire import Connection

SAMPLES = os.path.join(harness.SOURCE, "htdocs", "cgi-bin")
PHP_CGI = shutil.which("php-cgi")


class Samples(harness.TestCase):
    CONFIG = """
modules: { cgi = true; };
http: { max_body = "20M"; };
cgi: { environment: { PATH = "%s"; }; };
locations = ( { path = "/cgi-bin/"; cgi: { root = "%s"; %s }; } );
""" % (os.environ["PATH"], SAMPLES, 'interpreters: { php = "%s"; };' % PHP_CGI if PHP_CGI else "")

    def test_environment_in_sh_and_perl(self):
        r = self.server.get("/cgi-bin/environment.sh/more?x=%3Cb%3E")
        self.assertEqual((r.status, r["Cache-Control"]), (200, "no-store"))
        self.assertIn("\nPATH_INFO=/more\n", r.text)
        r = self.server.get("/cgi-bin/environment.pl", [("X-Evil", "<script>\"&")])
        self.assertEqual(r.status, 200)
        self.assertIn("<th align=\"left\">HTTP_X_EVIL<td><code>&lt;script&gt;&quot;&amp;</code>", r.text)

    def test_the_form_takes_fields_and_a_file(self):
        self.assertIn("multipart/form-data", self.server.get("/cgi-bin/form.py").text)
        data = os.urandom(1_000_000)
        body = (b'--BOUND\r\nContent-Disposition: form-data; name="name"\r\n\r\nAnn <b>\r\n--BOUND\r\n'
                b'Content-Disposition: form-data; name="file"; filename="a.bin"\r\n'
                b'Content-Type: application/octet-stream\r\n\r\n' + data + b"\r\n--BOUND--\r\n")
        r = self.server.request("POST", "/cgi-bin/form.py",
                                [("Content-Type", "multipart/form-data; boundary=BOUND")], body)
        self.assertEqual((r.status, r.framing), (200, "length"))
        self.assertIn("Ann &lt;b&gt;", r.text)
        self.assertIn("1000000 bytes, SHA-256 " + hashlib.sha256(data).hexdigest(), r.text)
        r = self.server.request("POST", "/cgi-bin/form.py",
                                [("Content-Type", "application/x-www-form-urlencoded")], b"name=B%26C")
        self.assertIn("B&amp;C", r.text)

    def test_the_clock_ticks(self):
        self.assertIn("EventSource", self.server.get("/cgi-bin/clock.py").text)
        with self.server.connect() as c:
            c.send(b"GET /cgi-bin/clock.py/ticks HTTP/1.1\r\nHost: a\r\n\r\n")
            for _ in range(2):
                self.assertRegex(c.read_until(b"\n\n").decode(), r"data: \d\d:\d\d:\d\d$")

    @harness.unittest.skipUnless(PHP_CGI, "php-cgi is not installed")
    def test_hello_in_php(self):
        self.assertIn("<h1>Hello, &lt;i&gt;</h1>", self.server.get("/cgi-bin/hello.php?name=%3Ci%3E").text)


class Run(harness.unittest.TestCase):
    """ostler cgi run"""

    def setUp(self):
        self.dir = os.path.realpath(tempfile.mkdtemp(prefix="ostler-test-"))
        os.chmod(self.dir, 0o755)
        self.addCleanup(shutil.rmtree, self.dir)

    def script(self, text, mode=0o755):
        path = os.path.join(self.dir, "x.cgi")
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def test_everything_of_a_run_is_shown(self):
        path = self.script(SH + "printf 'Status: 203\\nContent-Type: a/b\\n\\ncontent\\n'; echo oops >&2; exit 5\n")
        r = harness.run_ostler("cgi", "run", path + "/info?a=b")
        self.assertEqual((r.returncode, r.stdout), (0, "content\n"))
        for part in ("\nPATH_INFO=/info\n", "\nQUERY_STRING=a=b\n", "HTTP/1.1 203 ", "\nContent-Type: a/b\n",
                     "stderr: oops", "\nstatus: 5\n"):
            self.assertIn(part, r.stderr)
        self.assertRegex(r.stderr, r"\nwall: \d+ us\ncpu: \d+ us\nmemory: \d+ bytes\n")

    def test_through_the_configuration_of_a_server(self):
        self.script(SH + "printf 'Content-Type: a/b\\n\\n%s %s\\n' \"$SCRIPT_NAME\" \"$MINE\"\n")
        conf = os.path.join(self.dir, "o.conf")
        with open(conf, "w") as f:
            f.write('modules: { cgi = true; }; locations = ( { path = "/cgi-bin/"; '
                    'cgi: { root = "%s"; environment: { MINE = "yes"; }; }; } );' % self.dir)
        r = harness.run_ostler("cgi", "run", "-c", conf, "/cgi-bin/x.cgi")
        self.assertEqual((r.returncode, r.stdout), (0, "/cgi-bin/x.cgi yes\n"))
        r = harness.run_ostler("cgi", "run", "-c", conf, "/cgi-bin/none.cgi")
        self.assertIn("HTTP/1.1 404 ", r.stderr)

    def test_what_is_wrong_is_told(self):
        r = harness.run_ostler("cgi", "run", self.script("#!/bin/sh\r\n"))
        self.assertEqual(r.returncode, 1)
        self.assertIn("ends in CR LF", r.stderr)
        r = harness.run_ostler("cgi", "run", os.path.join(self.dir, "none"))
        self.assertEqual(r.returncode, 1)
        self.assertIn("no such file", r.stderr)
        self.assertEqual(harness.run_ostler("cgi", "run").returncode, 2)


class Serve(harness.unittest.TestCase):
    def test_serve_cgi_runs_cgi_bin_and_explains(self):
        with tempfile.TemporaryDirectory(prefix="ostler-test-") as folder:
            os.chmod(folder, 0o755)
            os.mkdir(folder + "/cgi-bin")
            for name, text in (("good.sh", SH + "printf 'Content-Type: a/b\\n\\nran\\n'\n"),
                               ("bad.sh", "#!/bin/sh\r\n")):
                with open(folder + "/cgi-bin/" + name, "w") as f:
                    f.write(text)
                os.chmod(folder + "/cgi-bin/" + name, 0o755)
            server = subprocess.Popen([harness.BINARY, "serve", folder, "-p", "0", "--cgi"],
                                      stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, universal_newlines=True)
            try:
                port = 0
                while not port:
                    line = server.stdout.readline()
                    self.assertTrue(line, "it ended")
                    found = re.search(r"http://[^/]*:(\d+)/", line)
                    port = int(found.group(1)) if found else 0
                with Connection(("127.0.0.1", port)) as c:
                    self.assertEqual(c.exchange("GET", "/cgi-bin/good.sh").text, "ran\n")
                    r = c.exchange("GET", "/cgi-bin/bad.sh")
                    self.assertEqual(r.status, 500)
                    self.assertIn("ends in CR LF", r.text)
            finally:
                server.send_signal(signal.SIGTERM)
                server.stdout.close()
                self.assertEqual(server.wait(30), 0)


if __name__ == "__main__":
    harness.main()
