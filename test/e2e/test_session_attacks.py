# test_session_attacks.py - who wants somebody else's session, or all of the server's memory.
import concurrent.futures
import glob
import json
import os
import random
import re

import harness
from session_case import SessionCase


def ask(server, cookie, target="/cgi-bin/session.py"):
    r = server.get(target, [("Cookie", cookie)])
    return r.status, r


class Ids(SessionCase):
    def test_a_planted_id_is_never_adopted(self):
        browser = self.browser()
        planted = "A" * 32
        browser.set_id(planted)
        self.assertEqual(browser.session("set=user%3Dada")["SESSION_NEW"], "1")
        self.assertNotEqual(browser.id(), planted)
        _, r = ask(self.server, "sid=" + planted)
        self.assertEqual(json.loads(r.text)["SESSION_NEW"], "1")

    def test_a_planted_session_of_the_attackers_is_left_at_the_login(self):
        attacker, victim = self.browser(), self.browser()
        attacker.session("set=a%3D1")
        victim.set_id(attacker.id())
        victim.session("set=user%3Dada")
        self.assertNotEqual(victim.id(), attacker.id())
        self.assertEqual(victim.values(), {"a": "1", "user": "ada"})
        self.assertEqual(attacker.session()["SESSION_NEW"], "1")

    def test_a_stolen_id_is_worth_nothing_after_a_rotation(self):
        browser = self.browser()
        browser.session("set=a%3D1")
        stolen = browser.id()
        browser.session("rotate=1")
        self.assertNotEqual(browser.id(), stolen)
        _, r = ask(self.server, "sid=" + stolen)
        self.assertEqual(json.loads(r.text)["SESSION_NEW"], "1")
        self.assertEqual(browser.values(), {"a": "1"})

    def test_a_tossed_cookie_is_no_session(self):
        browser = self.browser()
        browser.session("set=a%3D1")
        real = "sid=" + browser.id()
        for cookie in (real + "; " + real, "sid=x; " + real, real + "; sid=", real + ";sid=x",
                       real + "; a=b; " + "sid=" + "A" * 32):
            seen = json.loads(ask(self.server, cookie)[1].text)
            self.assertEqual(seen["SESSION_NEW"], "1", cookie)
            self.assertNotIn("sid", seen.get("HTTP_COOKIE", ""))
        r = self.server.get("/cgi-bin/session.py", [("Cookie", real), ("Cookie", "sid=y")])
        self.assertEqual(json.loads(r.text)["SESSION_NEW"], "1")
        # A plain page may not set what TLS pages go by, and the other way round.
        self.assertEqual(json.loads(ask(self.server, "__Host-" + real)[1].text)["SESSION_NEW"], "1")

    def test_guessing_finds_nothing(self):
        browser = self.browser()
        browser.session("set=a%3D1")
        real = browser.id()
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        guesses = [real[:-1], real + "A", real.swapcase(), real[::-1], '"%s"x' % real, real[:16]]
        guesses += [real[:i] + ("A" if real[i] != "A" else "B") + real[i + 1:] for i in range(32)]
        guesses += ["".join(random.choice(alphabet) for _ in range(32)) for _ in range(200)]
        with self.server.connect() as c:
            for guess in guesses:
                r = c.exchange("GET", "/page.html", [("Cookie", "sid=" + guess)])
                self.assertEqual(r.status, 200)
        for guess in guesses[:12]:
            self.assertEqual(json.loads(ask(self.server, "sid=" + guess)[1].text)["SESSION_NEW"], "1")

    def test_ids_do_not_repeat(self):
        ids = set()
        for _ in range(50):
            r = self.server.get("/cgi-bin/session.py?set=a%3D1")
            ids.add(re.search(r"sid=([\w-]{32})", r["Set-Cookie"]).group(1))
        self.assertEqual(len(ids), 50)


class Together(SessionCase):
    def test_100_changes_at_once_are_all_kept(self):
        browser = self.browser()
        browser.session("set=first%3D1")
        cookie = "sid=" + browser.id()
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            got = list(pool.map(lambda i: ask(self.server, cookie, "/cgi-bin/count.py?k%d" % i)[0],
                                range(100)))
        self.assertEqual(set(got), {200})
        values = browser.values()
        self.assertEqual(values, {"first": "1", **{"k%d" % i: "1" for i in range(100)}})

    def test_whole_replacements_at_once_lose_nothing_of_each_other(self):
        browser = self.browser()
        browser.session("set=x%3D0%26y%3D0")
        cookie = "sid=" + browser.id()
        go = self.server.path("go-replace")
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            both = [pool.submit(ask, self.server, cookie,
                                "/cgi-bin/session.py?wait=%s&replace=%s" % (go, values))
                    for values in ("x%3D1%26y%3D0", "x%3D0%26y%3D1")]
            harness.wait_until(lambda: self.waiting_for(go) == 2, "two scripts")
            self.server.write("go-replace")
            for one in both:
                self.assertEqual(one.result()[0], 200)
        self.assertEqual(browser.values(), {"x": "1", "y": "1"})

    @staticmethod
    def waiting_for(go):
        """Scripts that wait for that file."""
        return len(glob.glob(go + ".*"))

    def test_a_logout_wins_over_a_script_that_still_writes(self):
        browser = self.browser()
        browser.session("set=user%3Dada")
        cookie = "sid=" + browser.id()
        go = self.server.path("go-logout")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            writer = pool.submit(ask, self.server, cookie,
                                 "/cgi-bin/session.py?wait=%s&set=user%%3Dada%%26b%%3D2" % go)
            harness.wait_until(lambda: self.waiting_for(go) == 1, "the script")
            browser.session("destroy=1")
            self.server.write("go-logout")
            status, r = writer.result()
        self.assertEqual(status, 200)
        self.assertIn("Max-Age=0", r["Set-Cookie"])
        self.assertEqual(json.loads(ask(self.server, cookie)[1].text)["SESSION_NEW"], "1")
        self.assertEqual(self.sql("SELECT count(*) FROM session WHERE data LIKE '%user=ada%'"), [(0,)])


class Flood(SessionCase):
    BINARY = harness.TEST_BINARY  # 10,000 scripts would take minutes; echo's fields are as good
    SESSION = "per_client = 1000;"
    MORE = ', { path = "/echo/"; echo: { here = true; }; }'

    @classmethod
    def configuration(cls):
        return super().configuration().replace("modules: {", "modules: { echo = true;", 1)

    def make_sessions(self, count, part=50):
        """Asks for so many, pipelined, and returns how many were made."""
        request = (b"GET /echo/ HTTP/1.1\r\nHost: a\r\nEcho-X-Session-Set: a=1\r\n\r\n")
        made = 0
        with self.server.connect() as c:
            for _ in range(count // part):
                c.send(request * part)
                for _ in range(part):
                    r = c.read_response("GET")
                    self.assertEqual(r.status, 200)
                    self.assertEqual(r.all("X-Session-Set"), [])
                    made += len(r.all("Set-Cookie"))
        return made

    def test_10000_new_sessions_from_one_client_are_stopped(self):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            made = sum(pool.map(self.make_sessions, [2500] * 4))
        self.assertEqual(made, 1000)  # of all workers together
        self.assertEqual(self.sql("SELECT count(*) FROM session"), [(1000,)])
        self.server.log.wait_for(r"\[warn\].*127\.0\.0\.1 has 1000 sessions.*per_client")
        self.assertLess(len(self.server.log.matching("per_client")), 20)
        self.assertEqual(self.server.get("/page.html").status, 200)


class Limits(SessionCase):
    def test_8_kib_of_malformed_cookies_change_nothing(self):
        browser = self.browser()
        for cookie in ("=" * 8000, ";" * 8000, "sid" * 2600, "sid=" + "A" * 7990, '"' * 8000,
                       "sid=\"" + "A" * 7980 + "\"", "a=b; " * 1600, "\xff" * 8000,
                       "sid=" + "%00" * 2600, " " * 8000 + "=", "sid;" * 2000):
            r = self.server.raw(b"GET /page.html HTTP/1.1\r\nHost: a\r\nConnection: close\r\nCookie: "
                                + cookie.encode("latin-1") + b"\r\n\r\n")
            self.assertRegex(r.split(b"\r\n")[0], rb"HTTP/1.1 (200|400|431)")
        self.assertEqual(browser.session()["SESSION_NEW"], "1")

    def test_values_have_a_limit(self):
        browser = self.browser()
        browser.session("set=a%3D1")
        big = self.server.path("cgi-bin/big.py")
        self.server.write("cgi-bin/big.py", "#!/bin/sh\nprintf 'Content-Type: a/b\\nX-Session-Set: b='\n"
                          "head -c 20000 /dev/zero | tr '\\0' x\nprintf '\\n\\n'\n")
        os.chmod(big, 0o755)
        self.assertEqual(browser.get("/cgi-bin/big.py")[0], 200)
        self.server.log.wait_for("session.size")
        self.assertEqual(browser.values(), {"a": "1"})


if __name__ == "__main__":
    harness.main()
