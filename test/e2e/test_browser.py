# test_browser.py - the welcome page in a real browser: it loads with its style sheet and script,
# and every question it asks the server gets the answer the page promises.
import os
import re
import shutil
import subprocess
import unittest

import harness

# Over TLS (OSTLER_TEST_TLS) nobody vouches for the certificate of the tests.
TRUST = ["--ignore-certificate-errors"] if harness.CERTIFICATE else []
BROWSER = next((path for path in map(shutil.which, ("chromium", "chromium-browser",
                                                    "google-chrome")) if path), None)


@unittest.skipUnless(BROWSER, "needs Chromium, which packaging/install-deps.sh test installs")
class Browser(harness.TestCase):
    CONFIG = 'static: { root = "%s"; };\n' % os.path.join(harness.SOURCE, "htdocs")

    def test_the_welcome_page(self):
        profile = harness.make_folder(self)
        page = subprocess.run(
            [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", *TRUST, "--user-data-dir=" + profile,
             "--virtual-time-budget=20000", "--dump-dom", self.server.url + "/"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=120, check=True,
            universal_newlines=True).stdout
        self.assertIn('data-state="complete"', page)
        states = dict(re.findall(r'data-rule="(\w+)" data-state="(\w+)"', page))
        self.assertEqual(states, dict.fromkeys(
            ("page", "unchanged", "range", "beyond", "head", "missing", "method"), "ok"))
        checks = dict(re.findall(r'data-check="(\w+)"[^>]* data-state="(\w+)"', page))
        self.assertEqual(checks["files"], "ok")
        # This server has neither listings nor scripts, and the page does not call that a fault.
        self.assertEqual({checks[x] for x in ("listing", "python", "perl", "php", "sh", "form")}, {"off"})

    def test_everything_the_page_names_is_there(self):
        page = self.server.get("/").text
        for target in re.findall(r'(?:href|src)="([^"#]+)"', page):
            if target.endswith("/"):
                continue  # a listing, which is off here
            with self.subTest(target):
                self.assertEqual(self.server.get("/" + target).status, 200)


if __name__ == "__main__":
    harness.main()
