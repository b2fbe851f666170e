# test_serve.py - `ostler serve`: a folder, now.
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest
import unittest.mock
import urllib.request

import harness
from harness import BINARY, TIMEOUT, run_ostler

STATE = tempfile.TemporaryDirectory(prefix="ostler-test-")
URL = r"https?://[^ /]+:(\d+)/"


class Serve:
    """`ostler serve` in the foreground, its standard output read as it comes."""

    def __init__(self, *args, cwd=None):
        self.process = subprocess.Popen(
            [BINARY, "serve", *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, cwd=cwd, start_new_session=True,
            env={"XDG_STATE_HOME": STATE.name, **os.environ})  # not the tester's own home
        self.out = harness.Log(self.process.stdout)
        self.err = harness.Log(self.process.stderr)

    def __enter__(self):
        try:
            self.port = int(re.search(URL, self.out.wait_for(URL)).group(1))
            self.out.wait_for("Ctrl-C")
        except BaseException:
            print(self.err.text())
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self, number=signal.SIGINT):
        """Ctrl-C reaches the whole group."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, number)
        return self.process.wait(TIMEOUT)

    def get(self, target, host="127.0.0.1"):
        with harness.Connection((host, self.port)) as c:
            return c.exchange("GET", target)


class ServeCase(unittest.TestCase):
    def setUp(self):
        self.dir = os.path.realpath(tempfile.mkdtemp(prefix="ostler-test-"))
        self.addCleanup(shutil.rmtree, self.dir)
        self.write("hello.txt", "hello\n")

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)

    def test_the_folder_is_served_and_every_request_has_its_line(self):
        with Serve(self.dir, "-p", "0") as s:
            self.assertEqual(s.get("/hello.txt").text, "hello\n")
            s.out.wait_for(r"GET +/hello\.txt 200")
            self.assertEqual(s.get("/nothing").status, 404)
            s.out.wait_for(r"GET +/nothing 404")
            self.assertEqual(s.out.lines()[0], "serving " + self.dir)
            self.assertEqual(s.err.text(), "")

    def test_the_url_it_prints_works(self):
        with Serve(self.dir, "-p", "0") as s:
            url = re.search(r"http://\S+/", s.out.text()).group(0)
            with urllib.request.urlopen(url + "hello.txt", timeout=TIMEOUT) as answer:
                self.assertEqual(answer.read(), b"hello\n")

    def test_the_current_folder_is_the_default(self):
        with Serve("-p", "0", cwd=self.dir) as s:
            self.assertEqual(s.get("/hello.txt").text, "hello\n")

    def test_a_change_is_seen(self):
        with Serve(self.dir, "-p", "0") as s:
            self.assertEqual(s.get("/hello.txt").text, "hello\n")
            self.write("hello.txt", "changed!\n")
            harness.wait_until(lambda: s.get("/hello.txt").text == "changed!\n", "the change")

    def test_ctrl_c_ends_it_at_once_and_cleanly(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with Serve(self.dir, "-p", "0") as s, harness.Connection(("127.0.0.1", s.port)) as c:
                c.exchange("GET", "/hello.txt")  # a client that stays
                c.send("GET /hel")
                self.assertEqual(s.stop(number), 0)
                self.assertEqual(s.err.text(), "")

    def test_a_port_that_is_asked_for_and_taken_is_an_error(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            done = run_ostler("serve", self.dir, "-p", str(port))
        self.assertEqual(done.returncode, 1)
        self.assertIn("127.0.0.1:%d: address already in use" % port, done.stderr)
        self.assertEqual(done.stdout, "")

    def test_without_p_the_next_free_port_is_taken(self):
        with Serve(self.dir) as one, Serve(self.dir) as two:
            self.assertGreaterEqual(one.port, 8080)
            self.assertGreater(two.port, one.port)
            self.assertEqual(two.get("/hello.txt").text, "hello\n")

    def test_only_this_machine_is_served(self):
        with Serve(self.dir, "-p", "0") as s:
            for address in other_addresses():
                with socket.socket() as probe:
                    probe.settimeout(TIMEOUT)
                    self.assertNotEqual(probe.connect_ex((address, s.port)), 0, address)

    def test_lan_serves_everybody_and_says_where(self):
        with Serve(self.dir, "-p", "0", "--lan") as s:
            for address in other_addresses():
                self.assertEqual(s.get("/hello.txt", address).text, "hello\n")
                self.assertIn("http://%s:%d/" % (address, s.port), s.out.text())

    def test_https_with_a_certificate_that_lasts(self):
        with unittest.mock.patch.dict(os.environ, XDG_STATE_HOME=self.dir + "/state"):
            kept = []
            for _ in range(2):
                with Serve(self.dir, "-p", "0", "--https") as s:
                    certificate = re.search(r"(?m)^certificate: (\S+) ", s.out.text()).group(1)
                    self.assertIn("to trust it: ", s.out.text())
                    self.assertEqual(s.err.text(), "")
                    for host in ("localhost", "127.0.0.1"):
                        said = subprocess.run(
                            ["curl", "-sS", "--cacert", certificate,
                             "https://%s:%d/hello.txt" % (host, s.port)],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
                        self.assertEqual(said.stdout, b"hello\n")
                with open(certificate, "rb") as f:
                    kept.append(f.read())
            self.assertEqual(kept[0], kept[1])
            self.assertTrue(certificate.startswith(self.dir + "/state/ostler/"))

    def test_open_asks_the_desktop_for_the_url(self):
        tool = os.path.join(self.dir, "bin", "xdg-open")
        self.write("bin/xdg-open", '#!/bin/sh\necho "$1" >"%s/opened"\n' % self.dir)
        os.chmod(tool, 0o755)
        shutil.copy(tool, os.path.join(self.dir, "bin", "open"))
        os.environ["PATH"], before = os.path.dirname(tool) + ":" + os.environ["PATH"], \
            os.environ["PATH"]
        try:
            with Serve(self.dir, "-p", "0", "--open") as s:
                opened = os.path.join(self.dir, "opened")
                harness.wait_until(lambda: os.path.exists(opened) and os.path.getsize(opened),
                                   "the browser")
                with open(opened, encoding="utf-8") as f:
                    self.assertIn(f.read().strip(), s.out.text())
        finally:
            os.environ["PATH"] = before

    def test_what_is_no_folder_is_an_error(self):
        for name, says in (("nothing", "No such file"), ("hello.txt", "not a folder")):
            done = run_ostler("serve", os.path.join(self.dir, name), "-p", "0")
            self.assertEqual(done.returncode, 1)
            self.assertIn(says, done.stderr)

    def test_cgi_without_the_module_is_a_usage_error(self):
        if re.search(r"^\s*cgi\b", run_ostler("-m").stdout, re.M):
            self.skipTest("this build has the module")
        done = run_ostler("serve", self.dir, "-p", "0", "--cgi")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--cgi", done.stderr)

    def test_scripts_run_with_cgi_and_are_not_served_without(self):
        if not re.search(r"^\s*cgi\b", run_ostler("-m").stdout, re.M):
            self.skipTest("this build has no such module")
        self.write("cgi-bin/hello.sh", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nran\\n'\n")
        os.chmod(os.path.join(self.dir, "cgi-bin/hello.sh"), 0o755)
        with Serve(self.dir, "-p", "0", "--cgi") as s:
            self.assertEqual(s.get("/cgi-bin/hello.sh").text, "ran\n")
            self.assertEqual(s.get("/hello.txt").text, "hello\n")
        with Serve(self.dir, "-p", "0") as s:
            for target in ("/cgi-bin/hello.sh", "/cgi-bin/", "//cgi-bin/./hello.sh", "/cgi%2Dbin/hello.sh"):
                answer = s.get(target)
                self.assertIn(answer.status, (400, 404), target)
                self.assertNotIn("printf", answer.text)
            self.assertEqual(s.get("/hello.txt").text, "hello\n")
            self.assertIn("/cgi-bin/ is not served: --cgi runs what is in it", s.out.text())

    def test_a_folder_with_an_odd_name_is_served(self):
        self.write('odd "name"; }\\/hello.txt', "odd\n")
        with Serve(os.path.join(self.dir, 'odd "name"; }\\'), "-p", "0") as s:
            self.assertEqual(s.get("/hello.txt").text, "odd\n")


def other_addresses():
    """IPv4 addresses of this machine beside loopback, as far as its name or routes tell."""
    found = set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.connect(("203.0.113.1", 9))  # nothing is sent: only the route is looked up
            found.add(s.getsockname()[0])
        except OSError:
            pass
    return [a for a in found if not a.startswith(("127.", "0."))]


if __name__ == "__main__":
    harness.main()
