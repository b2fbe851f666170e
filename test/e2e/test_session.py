# test_session.py - the life of a session, from the first value to the last, over restarts.
import json
import os
import re
import signal
import stat
import subprocess

import harness
from cgi_case import put_script
from session_case import SCRIPT, SessionCase
from tls_case import Authority


class Life(SessionCase):
    def test_nobody_gets_a_session_for_looking(self):
        browser = self.browser()
        seen = browser.session()
        self.assertEqual(seen, {"HTTP_SESSION": "", "SESSION_JSON": "{}", "SESSION_NEW": "1"})
        browser.get("/page.html")
        self.assertIsNone(browser.id())

    def test_what_a_script_stores_the_next_one_gets(self):
        browser = self.browser()
        status, head, _ = browser.get("/cgi-bin/session.py?set=name%3DAda%2520L%26n%3D1")
        self.assertEqual(status, 200)
        cookie = [line for line in head if line.startswith("Set-Cookie")]
        self.assertRegex(cookie[0], r"^Set-Cookie: sid=[\w-]{32}; Path=/; HttpOnly; SameSite=Lax$")
        self.assertIn("Cache-Control: private", head)
        self.assertFalse([line for line in head if "X-Session" in line])
        seen = browser.session()
        self.assertEqual(seen["HTTP_SESSION"], "n=1&name=Ada%20L")
        self.assertEqual(json.loads(seen["SESSION_JSON"]), {"n": "1", "name": "Ada L"})
        self.assertEqual(seen["SESSION_NEW"], "0")
        self.assertGreater(int(seen["SESSION_EXPIRES"]), 1_700_000_000)
        self.assertRegex(seen["SESSION_ID"], r"^[\w-]{16}$")
        self.assertNotIn("HTTP_COOKIE", seen)
        self.assertNotIn(seen["SESSION_ID"], browser.id())

    def test_other_cookies_reach_the_script(self):
        browser = self.browser()
        browser.session("set=a%3D1")
        r = self.server.get("/cgi-bin/session.py",
                            [("Cookie", "x=1; sid=%s; y=2" % browser.id()), ("Session", "a=evil")])
        seen = json.loads(r.text)
        self.assertEqual((seen["HTTP_COOKIE"], seen["HTTP_SESSION"]), ("x=1; y=2", "a=1"))

    def test_two_browsers_have_two_sessions(self):
        one, two = self.browser(), self.browser()
        one.session("set=who%3Done")
        two.session("set=who%3Dtwo")
        self.assertEqual((one.values(), two.values()), ({"who": "one"}, {"who": "two"}))

    def test_values_are_removed_and_replaced(self):
        browser = self.browser()
        browser.session("set=a%3D1%26b%3D2%26c%3D3")
        browser.session("unset=a")
        self.assertEqual(browser.values(), {"b": "2", "c": "3"})
        browser.session("replace=c%3D3%26d%3D4")
        self.assertEqual(browser.values(), {"c": "3", "d": "4"})

    def test_the_session_ends_when_a_script_says_so(self):
        browser = self.browser()
        browser.session("set=a%3D1")
        old = browser.id()
        browser.session("destroy=1")
        self.assertIsNone(browser.id())
        browser.set_id(old)
        self.assertEqual(browser.session()["SESSION_NEW"], "1")

    def test_answers_of_every_kind_carry_their_session(self):
        for status in ("204", "404", "500", "302"):
            browser = self.browser()
            got, head, _ = browser.get("/cgi-bin/session.py?set=a%3D1&status=" + status)
            self.assertEqual(got, int(status))
            self.assertFalse([line for line in head if "X-Session" in line])
            self.assertEqual(browser.values(), {"a": "1"})

    def test_a_local_redirect_loses_no_change(self):
        put_script(self.server, "local.sh", "#!/bin/sh\nprintf 'Location: /page.html\\n"
                   "X-Session-Set: a=1\\n\\n'\n")
        browser = self.browser()
        status, head, content = browser.get("/cgi-bin/local.sh")
        self.assertEqual((status, content), (200, "a page\n"))
        self.assertFalse([line for line in head if "X-Session" in line])
        self.assertEqual(browser.values(), {"a": "1"})

    def test_an_idle_session_ends_on_the_server(self):
        browser = self.browser()
        browser.session("set=a%3D1")
        handle = browser.session()["SESSION_ID"]
        self.sql("UPDATE session SET seen=seen-3600,idle_until=idle_until-3600,"
                 "expires=expires-3600 WHERE handle=?", handle)
        self.assertEqual(browser.session()["SESSION_NEW"], "1")

    def test_a_session_ends_with_its_lifetime(self):
        browser = self.browser()
        browser.session("set=a%3D1")
        handle = browser.session()["SESSION_ID"]
        self.sql("UPDATE session SET ends=created,expires=created WHERE handle=?", handle)
        self.assertEqual(browser.session()["SESSION_NEW"], "1")

    def test_the_file_is_for_nobody_else_and_knows_no_id(self):
        browser = self.browser()
        browser.session("set=a%3D1")
        self.assertEqual(stat.S_IMODE(os.stat(self.database).st_mode), 0o600)
        for name in os.listdir(self.server.path("state")):
            with open(self.server.path("state/" + name), "rb") as f:
                self.assertNotIn(browser.id().encode(), f.read())

    def test_files_are_served_as_ever(self):
        browser = self.browser()
        browser.session("set=a%3D1")
        status, head, content = browser.get("/page.html")
        self.assertEqual((status, content), (200, "a page\n"))
        self.assertFalse([line for line in head if line.startswith(("Set-Cookie", "Cache-Control"))])


class Commands(SessionCase):
    SESSION = 'activity = "100ms";'

    def test_sessions_are_listed_shown_and_revoked(self):
        browser = self.browser()
        browser.session("set=name%3DAda", )
        handle = browser.session()["SESSION_ID"]
        self.assertIn(handle, self.ostler("list"))
        self.assertIn("name = Ada", self.ostler("show", handle))
        shown = json.loads(self.ostler("--json", "show", handle))
        self.assertEqual(shown["values"], {"name": "Ada"})
        self.assertIn(handle, [s["id"] for s in json.loads(self.ostler("list", "--json"))])
        self.assertNotIn(browser.id(), self.ostler("list") + self.ostler("show", handle))
        self.ostler("revoke", handle)
        self.assertEqual(browser.session()["SESSION_NEW"], "1")  # at once, in every worker
        self.assertIn("no session", self.ostler("revoke", handle, status=1))
        self.assertIn("no session", self.ostler("show", handle, status=1))

    def test_activity_is_written_down(self):
        browser = self.browser()
        browser.session("set=a%3D1")
        handle = browser.session()["SESSION_ID"]
        for _ in range(3):
            browser.get("/page.html", "-A", "Test/1.0")
        harness.wait_until(lambda: json.loads(self.ostler("--json", "show", handle))["requests"] == 5,
                           "five requests")
        shown = json.loads(self.ostler("--json", "show", handle))
        self.assertEqual((shown["agent"], shown["address"]), ("Test/1.0", "127.0.0.1"))

    def test_the_expired_are_purged(self):
        browser = self.browser()
        browser.session("set=a%3D1")
        handle = browser.session()["SESSION_ID"]
        self.sql("UPDATE session SET ends=1,expires=1 WHERE handle=?", handle)
        self.assertNotIn(handle, self.ostler("list"))
        self.assertIn("1 expired session removed", self.ostler("purge"))
        self.assertEqual(self.sql("SELECT 1 FROM session WHERE handle=?", handle), [])

    def test_words_that_make_no_sense_are_told(self):
        for words in ([], ["show"], ["lost"], ["list", "all"], ["revoke"]):
            with self.subTest(words):
                self.assertIn("list | show ID | revoke ID | purge", self.ostler(*words, status=2))

    def test_a_configuration_without_sessions_has_none(self):
        self.server.write("off.conf", 'listen = ( { port = 1; } );\n')
        result = harness.run_ostler("sessions", "-c", self.server.path("off.conf"), "list")
        self.assertEqual(result.returncode, 1)
        self.assertIn("modules.session = true", result.stderr)


class Survival(SessionCase):
    ALLOW = r"worker \d+ \(pid \d+\) died"

    def test_nothing_that_was_answered_is_lost_when_workers_are_killed(self):
        browser = self.browser()
        for i in range(20):
            browser.session("set=k%d%%3D1" % i)
            if i % 4 == 3:
                for pid in self.server.workers():
                    os.kill(pid, signal.SIGKILL)
                self.server.log.wait_for(r"started in its place", 2 * (i // 4 + 1))
        self.assertEqual(len(browser.values()), 20)

    def test_nothing_is_lost_over_a_reload(self):
        browser = self.browser()
        browser.session("set=a%3D1")
        self.server.reload()
        self.assertEqual(browser.values(), {"a": "1"})


class Restart(SessionCase):
    def test_nothing_is_lost_over_a_restart(self):
        browser = self.browser()
        browser.session("set=a%3D1")
        with open(self.database, "rb") as f:
            self.assertTrue(f.read(16).startswith(b"SQLite format 3"))
        self.server.end()
        config = self.CONFIG.replace("@DIR@", self.server.dir)
        with harness.Server(config) as again:
            put_script(self.server, "session.py", SCRIPT)
            browser.server = again
            self.assertEqual(browser.values(), {"a": "1"})


class Tls(harness.TestCase):
    """The same server, on a plain port and on one with TLS."""

    @classmethod
    def setUpClass(cls):
        pair = Authority().pair("localhost", "IP:127.0.0.1")
        cls.FILES = {"cert.pem": pair.certificate, "key.pem": pair.key, "cgi-bin/.keep": ""}
        cls.CONFIG = """
listen = ( { address = "127.0.0.1"; port = 0; tls = true; }, { address = "127.0.0.1"; port = 0; } );
tls: { certificate = "@DIR@/cert.pem"; key = "@DIR@/key.pem"; };
""" + SessionCase.configuration()
        super().setUpClass()
        put_script(cls.server, "session.py", SCRIPT)

    def get(self, scheme, index, query="", cookie=""):
        """The head and what the script saw."""
        out = subprocess.run(
            ["curl", "-sS", "-k", "-i", "-b", cookie, "%s://127.0.0.1:%d/cgi-bin/session.py?%s" % (
                scheme, self.server.addresses[index][1], query)],
            stdout=subprocess.PIPE, check=True, timeout=60).stdout.decode()
        head, _, content = out.partition("\r\n\r\n")
        return head, json.loads(content)

    def test_over_tls_the_cookie_is_bound_to_the_host_and_secure(self):
        head, _ = self.get("https", 0, "set=a%3D1")
        cookie = re.search(r"Set-Cookie: (__Host-sid=[\w-]{32}); Path=/; Secure; HttpOnly; "
                           r"SameSite=Lax\r", head, re.I).group(1)
        self.assertEqual(self.get("https", 0, cookie=cookie)[1]["HTTP_SESSION"], "a=1")
        plain = cookie.replace("__Host-", "")
        for scheme, index, sent in (("https", 0, plain), ("http", 1, cookie)):
            self.assertEqual(self.get(scheme, index, cookie=sent)[1]["SESSION_NEW"], "1")


class Wall(SessionCase):
    MORE = """, { path = "/members/"; session: { require = "user"; otherwise = "/cgi-bin/session.py"; }; },
      { path = "/admin/"; session: { require = [ "user", "role=admin" ]; otherwise = "401"; }; },
      { path = "/cgi-bin/hidden/"; cgi: { root = "@DIR@/cgi-bin/hidden"; };
        session: { require = "user"; otherwise = "403"; }; } """
    FILES = {"www/members/index.html": "members\n", "www/admin/index.html": "admins\n",
             "cgi-bin/hidden/x.py": ""}

    def test_a_wall_stands_before_any_file(self):
        browser = self.browser()
        status, head, _ = browser.get("/members/?a=b")
        self.assertEqual(status, 302)
        self.assertIn("Location: /cgi-bin/session.py?return=/members/%3Fa%3Db", head)
        browser.session("set=user%3Dada")
        status, head, content = browser.get("/members/")
        self.assertEqual((status, content), (200, "members\n"))
        self.assertIn("Cache-Control: private", head)
        self.assertEqual(browser.get("/admin/")[0], 401)
        browser.session("set=role%3Dadmin")
        self.assertEqual(browser.get("/admin/")[0], 200)
        browser.session("destroy=1")
        self.assertEqual(browser.get("/members/")[0], 302)

    def test_it_stands_before_scripts_too(self):
        put_script(self.server, "cgi-bin/hidden/x.py", SCRIPT)
        browser = self.browser()
        self.assertEqual(browser.get("/cgi-bin/hidden/x.py")[0], 403)
        browser.session("set=user%3Dada")
        self.assertEqual(browser.get("/cgi-bin/hidden/x.py")[0], 200)

    def test_there_is_no_way_around_it(self):
        for target in ("/members/index.html", "//members/", "/members/../members/",
                       "/x/../members/index.html", "/%6dembers/index.html", "/members/./"):
            self.assertNotEqual(self.server.get(target).status, 200, target)

    def test_the_way_back_is_always_on_this_host(self):
        for target in ("/members//evil.example/", "/members/%5cevil.example",
                       "/members/?u=//evil.example", "/members/%0d%0aX:y"):
            r = self.server.get(target)
            if r.status == 302:
                self.assertRegex(r["Location"], r"^/cgi-bin/session\.py\?return=/members/[^/\\]")


if __name__ == "__main__":
    harness.main()
