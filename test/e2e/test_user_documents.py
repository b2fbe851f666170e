# test_user_documents.py - the pages under doc/: every setting with its default, no other, and
# examples that load, and answer as they say.
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

import harness
from harness import SOURCE, run_ostler

DOC = os.path.join(SOURCE, "doc")
sys.path.insert(0, DOC)
import settings  # noqa: E402

# Where a module or a group of the configuration is described.
PAGES = {"static": "static", "autoindex": "autoindex", "cgi": "scripts", "accesslog": "logs",
         "status": "status", "session": "sessions", "cookie": "cookies", "https": "tls",
         "tls": "tls", "server": "configuration", "listen": "configuration",
         "modules": "configuration", "http": "configuration", "hosts": "configuration",
         "locations": "configuration", "tests": "configuration"}

# Paths of the examples, which are here below the test's folder.
OUTSIDE = ("/srv/", "/var/", "/usr/lib/cgi-bin", "/etc/", "/run/")

EXAMPLE = re.compile(r"(?:<!-- files: (?P<files>\{.*?\}) -->\n)?^```libconfig(?P<tested> tested)?\n"
                     r"(?P<text>.*?)^```$", re.M | re.S)


def pages():
    return sorted(glob.glob(os.path.join(DOC, "*.md")))


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Settings(unittest.TestCase):
    def test_every_module_and_group_has_a_page(self):
        for name in settings.names(harness.BINARY):
            with self.subTest(name):
                self.assertIn(name, PAGES)
                self.assertTrue(os.path.exists(os.path.join(DOC, PAGES[name] + ".md")))

    def test_the_tables_are_what_the_program_says(self):
        tables = set()
        for page in pages():
            with self.subTest(os.path.basename(page)):
                text = read(page)
                tables.update(re.findall(r"<!-- settings: (\w+) -->", text))
                self.assertEqual(text, settings.complete(harness.BINARY, text),
                                 "run doc/settings.py")
        # Those of other pages are written by hand.
        by_hand = {n for n in settings.names(harness.BINARY) if PAGES[n] == "tls"}
        self.assertGreaterEqual(tables, set(settings.names(harness.BINARY)) - by_hand)

    def test_every_setting_is_on_its_page(self):
        for name in settings.names(harness.BINARY):
            text = read(os.path.join(DOC, PAGES[name] + ".md"))
            for key, _, _, _, _ in settings.settings(harness.BINARY, name):
                with self.subTest(setting=name + "." + key):
                    last = key.split(".")[-1]
                    self.assertRegex(text, r"`[^`\n]*\b%s\b[^`\n]*`" % re.escape(last))

    def test_no_page_mentions_a_setting_that_is_none(self):
        known = {name: {key for s in settings.settings(harness.BINARY, name)
                        for key in (s[0], s[0].split(".")[-1])}
                 for name in settings.names(harness.BINARY)}
        for page in pages():
            for name, key in re.findall(r"`([a-z]+)\.([a-z_]+)\b[^`]*`", read(page)):
                if name in known and key not in ("conf", "md", "service", "socket", "py"):
                    with self.subTest(page=os.path.basename(page), setting=name + "." + key):
                        self.assertIn(key, known[name])


class Pages(unittest.TestCase):
    def test_links_lead_somewhere(self):
        for page in pages():
            for target in re.findall(r"\]\(([^)#:]+)[)#]", read(page)):
                with self.subTest(page=os.path.basename(page), target=target):
                    self.assertTrue(os.path.exists(os.path.join(DOC, target)))

    def test_every_page_is_linked_from_the_readme_or_a_page(self):
        linked = set()
        for path in pages() + [os.path.join(SOURCE, "README.md")]:
            linked.update(os.path.basename(t) for t in re.findall(r"\]\(([^)#:]+\.md)", read(path)))
        for page in pages():
            self.assertIn(os.path.basename(page), linked)


class Examples(unittest.TestCase):
    def setUp(self):
        self.folder = harness.make_folder(self)
        os.chmod(self.folder, 0o755)

    def write(self, name, content):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        os.chmod(path, 0o755)

    def fit(self, text):
        """For this machine, and for whoever runs the tests."""
        text = re.sub(r'\b(user|group) = "[^"]*";', "", text)
        for outside in OUTSIDE:
            text = text.replace('"' + outside, '"' + self.folder + outside)
            text = text.replace("sqlite:" + outside, "sqlite:" + self.folder + outside)
        for folder in ("var/log/ostler", "var/lib/ostler", "var/www/html", "run/ostler"):
            os.makedirs(os.path.join(self.folder, folder), exist_ok=True)
        return text

    def certificates(self, text):
        """A self-made one wherever the example names one; False when nobody can make it."""
        names = re.findall(r'\b(?:certificate|key|client_ca|ocsp) = "([^"]+)"', text)
        if not names:
            return True
        if not shutil.which("openssl"):
            return False
        cert, key = (os.path.join(self.folder, n) for n in ("c.pem", "k.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "90",
                        "-keyout", key, "-out", cert, "-subj", "/CN=example.org"],
                       check=True, stderr=subprocess.DEVNULL)
        both = read(cert) + read(key)
        for name in names:
            os.makedirs(os.path.dirname(name), exist_ok=True)
            with open(name, "w", encoding="utf-8") as file:
                file.write(both)
            os.chmod(name, 0o600)
        return True

    def examples(self):
        for page in pages() + [os.path.join(SOURCE, "README.md")]:
            text = read(page)
            for number, found in enumerate(EXAMPLE.finditer(text)):
                yield os.path.basename(page), number, found

    def test_they_load(self):
        count = 0
        for page, number, found in self.examples():
            with self.subTest(page=page, number=number):
                text = self.fit(found["text"])
                if "ocsp" in text or not self.certificates(text):
                    continue  # a response of an authority cannot be made up
                self.write("ostler.conf", text)
                done = run_ostler("-t", "-c", os.path.join(self.folder, "ostler.conf"))
                self.assertEqual(done.returncode, 0, done.stderr + text)
                count += 1
        self.assertGreater(count, 10)

    def test_they_answer_as_they_say(self):
        for page, number, found in self.examples():
            if not found["tested"]:
                continue
            with self.subTest(page=page, number=number):
                for name, content in json.loads(found["files"] or "{}").items():
                    self.write(name, content)
                self.write("ostler.conf", self.fit(found["text"]))
                self.assertIn("tests = (", found["text"])
                done = run_ostler("-t", "--run-tests", "-c", os.path.join(self.folder, "ostler.conf"))
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertRegex(done.stdout, r"\d+ tests passed")

    def test_every_module_has_an_example(self):
        shown = "".join(found["text"] for _, _, found in self.examples())
        for name in settings.names(harness.BINARY):
            if name not in ("locations", "hosts", "listen", "tests", "modules"):
                with self.subTest(name):
                    self.assertRegex(shown, r"\b%s: \{" % name)


class LogReaders(unittest.TestCase):
    """What logs.md says of goaccess and fail2ban, with the programs themselves."""

    def log(self):
        with harness.Server('static: { root = "@DIR@/www"; };\n'
                            'accesslog: { file = "@DIR@/access.log"; };\n', {"www/a": "a"}) as s:
            for path in ("/a", "/none", "/a", "/none?<b>", "/none/\"x\""):
                s.get(path.replace('"', "%22").replace("<", "%3C").replace(">", "%3E"))
            s.end()
            return read(s.path("access.log"))

    def test_the_filter_for_fail2ban_finds_those_who_ask_for_what_is_not_there(self):
        if not shutil.which("fail2ban-regex"):
            self.skipTest("no fail2ban here")
        folder = harness.make_folder(self)
        text = re.search(r"^```ini\n(.*?)^```$", read(os.path.join(DOC, "logs.md")), re.M | re.S)
        for name, content in (("ostler-404.conf", text.group(1)), ("access.log", self.log())):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(content)
        done = subprocess.run(["fail2ban-regex", "access.log", "./ostler-404.conf"], cwd=folder,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=harness.TIMEOUT, check=False)
        self.assertIn("Lines: 5 lines, 0 ignored, 3 matched, 2 missed", done.stdout)

    def test_goaccess_reads_the_access_log_as_it_is(self):
        if not shutil.which("goaccess"):
            self.skipTest("no goaccess here")
        folder = harness.make_folder(self)
        with open(os.path.join(folder, "access.log"), "w", encoding="utf-8") as file:
            file.write(self.log())
        done = subprocess.run(["goaccess", "access.log", "--log-format=COMBINED", "-o", "out.json",
                               "--no-global-config"], cwd=folder, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=harness.TIMEOUT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        general = json.loads(read(os.path.join(folder, "out.json")))["general"]
        self.assertEqual((general["total_requests"], general["failed_requests"]), (5, 0))


if __name__ == "__main__":
    unittest.main(verbosity=2)
