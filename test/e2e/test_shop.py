# test_shop.py - the shop of htdocs under `ostler serve --cgi`, with curl's cookie jar: logged in
# under Python, a basket under PHP, the sum and the way out under Perl.
import os
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

import harness
from harness import BINARY, SOURCE, make_folder, wait_until

URL = r"http://[^/]+:(\d+)/"
PHP = shutil.which("php-cgi", path=os.environ.get("PATH", "") + ":/usr/local/bin:/opt/homebrew/bin")


def has_sessions():
    """Whether this build can keep sessions in a file."""
    folder = tempfile.mkdtemp(prefix="ostler-test-")
    try:
        path = os.path.join(folder, "ostler.conf")
        with open(path, "w", encoding="utf-8") as f:
            f.write(harness.complete_configuration(
                'modules: { session = true; };\nstatic: { root = "@DIR@"; };\n'
                'session: { store = "sqlite:@DIR@/sessions.db"; };\n', folder))
        return harness.run_ostler("-t", "-c", path).returncode == 0
    finally:
        shutil.rmtree(folder)


class Serving:
    """`ostler serve htdocs --cgi`; sessions are kept in a folder of the test's own."""

    def __init__(self, test, folder=os.path.join(SOURCE, "htdocs"), state=None):
        self.folder = folder
        self.state = state or make_folder(test)
        self.port = 0
        self.process = None
        test.addCleanup(self.destroy)
        self.start()

    def start(self):
        """On the same port as before, if there was one."""
        self.process = subprocess.Popen(
            [BINARY, "serve", self.folder, "--cgi", "-p", str(self.port)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=dict(os.environ, XDG_STATE_HOME=self.state), start_new_session=True)
        out = harness.Log(self.process.stdout)
        self.port = int(re.search(URL, out.wait_for(URL)).group(1))

    @property
    def url(self):
        return "http://127.0.0.1:%d/cgi-bin/" % self.port

    def restart(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self.start()

    def worker(self):
        rows = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,stat="], stdout=subprocess.PIPE,
                              check=True, text=True).stdout.splitlines()
        for pid, parent, state in (row.split() for row in rows):
            if int(parent) == self.process.pid and state[0] != "Z":
                return int(pid)
        return None

    def destroy(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


class Shopper:
    """curl with a jar of its own; reads the token out of the forms as a browser does."""

    def __init__(self, test, serving):
        self.serving = serving
        self.jar = os.path.join(make_folder(test), "jar")
        self.page = ""

    def get(self, script, **form):
        """Follows redirects; with a form it is a POST.  Returns the last status."""
        options = [part for name, value in form.items()
                   for part in ("--data-urlencode", "%s=%s" % (name, value))]
        done = subprocess.run(
            ["curl", "-sS", "-L", "--max-time", "60", "-b", self.jar, "-c", self.jar,
             "-w", "\n%{http_code} %{url_effective}", *options, self.serving.url + script],
            stdout=subprocess.PIPE, check=True, text=True).stdout
        self.page, _, last = done.rpartition("\n")
        status, self.at = last.split()
        return int(status)

    @property
    def token(self):
        return re.search(r'name="csrf" value="([^"]*)"', self.page).group(1)

    def log_in(self, name):
        self.get("login.py")
        return self.get("login.py", csrf=self.token, name=name, word="oats")

    def put(self, thing, **form):
        return self.get("basket.php", csrf=self.token, thing=thing, **(form or {"more": "1"}))

    def basket(self):
        self.get("basket.php")
        return {thing: int(count) for thing, count in re.findall(
            r'<li id="(\w+)">.*?class="count">(\d+)<', self.page, re.S) if count != "0"}

    def sum(self):
        self.get("summary.pl")
        found = re.search(r'id="sum">([\d.]+)', self.page)
        return found.group(1) if found else None

    def session_id(self):
        with open(self.jar, encoding="utf-8") as f:
            return {r[5]: r[6] for r in (line.rstrip("\n").split("\t") for line in f)
                    if len(r) == 7}.get("sid")


@unittest.skipUnless(PHP, "needs php-cgi, which packaging/install-deps.sh test installs")
@unittest.skipUnless(has_sessions(), "this build has no sessions in a file (OSTLER_SQLITE)")
class Shop(unittest.TestCase):
    def setUp(self):
        self.serving = Serving(self)
        self.ada = Shopper(self, self.serving)

    def test_from_log_in_to_log_out(self):
        self.assertEqual(self.ada.get("basket.php"), 200)
        self.assertTrue(self.ada.at.endswith("/login.py"))
        before = None
        self.ada.get("login.py")
        before = self.ada.session_id()
        self.assertEqual(self.ada.log_in("Ada"), 200)
        self.assertIn("Hello, Ada.", self.ada.page)
        self.assertNotEqual(self.ada.session_id(), before)  # nobody can have planted this one
        self.ada.put("oats")
        self.ada.put("oats")
        self.ada.put("horseshoes")
        self.ada.put("horseshoes", less="1")
        self.assertEqual(self.ada.basket(), {"oats": 2})
        self.assertEqual(self.ada.sum(), "7.00")
        self.ada.get("summary.pl", csrf=self.ada.token)
        self.assertTrue(self.ada.at.endswith("/login.py"))
        self.ada.get("summary.pl")
        self.assertTrue(self.ada.at.endswith("/login.py"))

    def test_restarts_and_killed_workers_lose_nothing(self):
        bob = Shopper(self, self.serving)
        self.ada.log_in("Ada")
        bob.log_in("Bob")
        self.ada.put("hay")
        bob.put("apples")
        worker = self.serving.worker()
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: self.serving.worker() not in (None, worker), "another worker")
        self.assertEqual((self.ada.basket(), bob.basket()), ({"hay": 1}, {"apples": 1}))
        self.ada.put("hay")
        self.serving.restart()
        self.assertEqual((self.ada.basket(), bob.basket()), ({"hay": 2}, {"apples": 1}))

    def test_names_are_text_and_forms_are_ours(self):
        self.ada.log_in("<script>alert('1')</script>")
        for script in ("login.py", "basket.php", "summary.pl"):
            self.assertEqual(self.ada.get(script), 200)
            self.assertNotIn("<script>", self.ada.page)
            self.assertIn("&lt;script&gt;", self.ada.page)
        for script, form in (("basket.php", {"thing": "oats", "more": "1"}), ("summary.pl", {}),
                             ("login.py", {"name": "x", "word": "oats"})):
            for token in ("", "guess"):
                self.assertEqual(self.ada.get(script, csrf=token, **form), 403, script)
        self.assertEqual(self.ada.basket(), {})
        self.assertEqual(self.ada.put("unicorn"), 400)

    def test_a_wrong_word_or_no_name_logs_nobody_in(self):
        self.ada.get("login.py")
        for name, word in (("Ada", "hay"), ("", "oats"), (" ", "oats"), ("x" * 41, "oats"),
                           ("a\x00b", "oats")):
            name = name.replace("\x00", "\x7f")
            self.assertEqual(self.ada.get("login.py", csrf=self.ada.token, name=name, word=word), 403)
        self.ada.get("basket.php")
        self.assertTrue(self.ada.at.endswith("/login.py"))

    def test_visits_are_counted_per_visitor(self):
        for count in ("1", "2", "3"):
            self.ada.get("visits.py")
            self.assertIn('id="visits">%s<' % count, self.ada.page)
        visitors = int(re.search(r'id="visitors">(\d+)', self.ada.page).group(1))
        other = Shopper(self, self.serving)
        other.get("visits.py")
        self.assertIn('id="visits">1<', other.page)
        self.assertIn('id="visitors">%d<' % (visitors + 1), other.page)

    def test_only_scripts_set_cookies(self):
        head = subprocess.run(["curl", "-sS", "-D", "-", "-o", os.devnull,
                               self.serving.url.replace("cgi-bin/", "")],
                              stdout=subprocess.PIPE, check=True, text=True).stdout
        self.assertIn(" 200 ", head)
        self.assertNotIn("Set-Cookie", head)


class WithoutSessions(harness.TestCase):
    CONFIG = """
modules: { cgi = true; };
static: { root = "@DIR@/www"; };
locations = ( { path = "/cgi-bin/"; cgi: { root = "%s/htdocs/cgi-bin"; %s }; } );
""" % (SOURCE, 'interpreters: { php = "%s"; };' % PHP if PHP else "")

    def test_the_pages_say_how_to_turn_them_on(self):
        for script in ("login.py", "summary.pl") + (("basket.php",) if PHP else ()):
            r = self.server.get("/cgi-bin/" + script)
            self.assertEqual(r.status, 503, script)
            self.assertIn("Sessions are off here", r.text)
        r = self.server.get("/cgi-bin/visits.py")
        self.assertEqual(r.status, 200)
        self.assertIn('id="off"', r.text)


if __name__ == "__main__":
    harness.main()
