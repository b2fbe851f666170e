# test_cookie.py - cookies that the server sets, asks for, hides and puts right, with curl's jar.
import os
import re
import subprocess

import harness
from cgi_case import PY, SH, put_script

# What a script sees, and whatever it is told to set: one Set-Cookie a line of its content.
SCRIPT = PY + """
print("Content-Type: text/plain")
for line in sys.stdin.read().splitlines():
    print("Set-Cookie:", line)
print("\\nvisitor=" + os.environ.get("VISITOR_ID", "none"))
print("cookies=" + os.environ.get("HTTP_COOKIE", "none"))
"""
VISITOR = r"[A-Za-z0-9_-]{22}"


class Cookies(harness.TestCase):
    CONFIG = """
server: { workers = 1; };
modules: { cgi = true; cookie = true; };
static: { root = "@DIR@/www"; };
accesslog: { file = "@DIR@/access.log"; cookies = [ "visitor" ];
             format = "%U visitor=%{visitor}C id=%{id}v secret=%{secret}C"; };
cookie: { set = ( { name = "visitor"; value = "${random}"; max_age = "365d";
                    variable = "VISITOR_ID"; log_variable = "id"; } );
          hide = [ "utm_*" ];
          policy = ( { name = "sid"; drop = true; }, { name = "xsrf"; http_only = false; },
                     { name = "*"; path = "location"; domain = "none"; max_age = "1d"; } ); };
locations = (
  { path = "/cgi-bin/"; cgi: { root = "@DIR@/cgi-bin"; }; },
  { path = "/beta/"; cookie: { require = ( { name = "beta"; value = "yes"; } ); }; },
  { path = "/club/"; cookie: { require = ( { name = "member"; redirect = "/club/join.html"; } ); }; },
  { path = "/plain/"; cookie: { set = (); policy = (); hide = []; }; } );
"""
    FILES = {"www/index.html": "home\n", "www/beta/index.html": "beta\n",
             "www/club/index.html": "club\n", "www/club/join.html": "join\n",
             "www/plain/index.html": "plain\n", "cgi-bin/.keep": ""}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        put_script(cls.server, "see.py", SCRIPT)

    def see(self, set_cookies=(), fields=()):
        return self.server.request("POST", "/cgi-bin/see.py", fields,
                                   "\n".join(set_cookies).encode())

    @staticmethod
    def set_cookies(response):
        return [value for name, value in response.fields if name.lower() == "set-cookie"]

    def curl(self, target, *args):
        """The content of an answer; the jar of this test is read and written."""
        jar = self.server.path(self.id() + ".jar")
        return subprocess.run(
            ["curl", "-sS", "--max-time", "20", "-b", jar, "-c", jar, *args,
             self.server.url + target], stdout=subprocess.PIPE, check=True, text=True).stdout

    def jar(self):
        """Lines of curl's jar: name, value, path, HttpOnly."""
        with open(self.server.path(self.id() + ".jar"), encoding="utf-8") as f:
            rows = [line.rstrip("\n").split("\t") for line in f if line.count("\t") == 6]
        return {r[5]: (r[6], r[2], r[0].startswith("#HttpOnly_")) for r in rows}

    def test_a_visitor_gets_an_id_once_and_keeps_it(self):
        first = self.curl("/cgi-bin/see.py")
        visitor = re.search("visitor=(%s)\n" % VISITOR, first).group(1)
        self.assertEqual(self.jar()["visitor"], (visitor, "/", True))
        self.assertIn("visitor=%s\n" % visitor, self.curl("/cgi-bin/see.py"))
        self.assertEqual(self.curl("/"), "home\n")
        self.assertEqual(self.jar()["visitor"][0], visitor)

    def test_the_field_is_complete_and_the_answer_private(self):
        r = self.server.get("/")
        self.assertRegex(self.set_cookies(r)[0], "^visitor=" + VISITOR +
                         "; Max-Age=31536000; Path=/; HttpOnly; SameSite=Lax$")
        self.assertEqual(r["Cache-Control"], "private")
        self.assertEqual(self.set_cookies(self.server.get("/", {"Cookie": "visitor=" + "A" * 22})),
                         [])

    def test_every_visitor_has_another_id(self):
        seen = {self.set_cookies(self.server.get("/"))[0] for _ in range(50)}
        self.assertEqual(len(seen), 50)

    def test_an_id_that_was_made_up_reaches_no_script(self):
        for made_up in ("$(reboot)", "A" * 21, "A" * 23, "", "../" + "A" * 19):
            text = self.see(fields={"Cookie": "visitor=" + made_up}).text
            self.assertRegex(text, "^visitor=%s\n" % VISITOR)

    def test_an_answer_that_was_not_modified_sets_it_too(self):
        etag = self.server.get("/")["ETag"]
        r = self.server.get("/", {"If-None-Match": etag})
        self.assertEqual(r.status, 304)
        self.assertEqual(len(self.set_cookies(r)), 1)

    def test_a_location_can_do_without(self):
        r = self.server.get("/plain/", {"Cookie": "utm_x=1"})
        self.assertEqual((r.text, self.set_cookies(r)), ("plain\n", []))

    def test_scripts_do_not_see_what_is_hidden(self):
        text = self.see(fields=[("Cookie", "utm_source=x; lang=de; utm_medium=y"),
                                ("Cookie", "utm_z=1"), ("Cookie", "theme=dark")]).text
        self.assertIn("cookies=lang=de; theme=dark\n", text)
        self.assertIn("cookies=none\n", self.see(fields={"Cookie": "utm_source=x"}).text)

    def test_what_scripts_set_is_put_right(self):
        rows = [
            ("lang=de; Path=/; Max-Age=99999999",
             "lang=de; Max-Age=86400; Path=/cgi-bin/; HttpOnly; SameSite=Lax"),
            ("t=1; Path=/cgi-bin/x; Domain=example.org; SameSite=Strict",
             "t=1; Path=/cgi-bin/x; HttpOnly; SameSite=Strict"),
            ("xsrf=1; Path=/", "xsrf=1; Path=/; SameSite=Lax"),
            ("sid=evil; Path=/", None),
            ("a=1; HttpOnly; SameSite=Lax; path=/cgi-bin/",
             "a=1; HttpOnly; SameSite=Lax; path=/cgi-bin/"),
        ]
        got = self.set_cookies(self.see([row[0] for row in rows],
                                        {"Cookie": "visitor=" + "A" * 22}))
        self.assertEqual(got, [row[1] for row in rows if row[1]])

    def test_nobody_enters_without_the_cookie(self):
        for cookies, status in (("beta=yes", 200), ("a=1; beta=yes", 200), ("beta=no", 403),
                                ("beta=yes; beta=yes", 403), ("Beta=yes", 403), ("beta", 403),
                                ("beta=yes" + "; c=1" * 60, 403)):
            r = self.server.get("/beta/", {"Cookie": cookies})
            self.assertEqual((r.status, r["Vary"]), (status, "Cookie"), cookies)
        self.assertEqual(self.server.get("/beta/").status, 403)
        self.assertEqual(self.server.get("/beta/x").status, 403)  # what is not there is not told

    def test_or_is_sent_where_to_get_it(self):
        r = self.server.get("/club/?x=1")
        self.assertEqual((r.status, r["Location"], r["Cache-Control"]),
                         (302, "/club/join.html", "no-store"))
        self.assertEqual(self.curl("/club/", "-L"), "join\n")
        self.assertEqual(self.curl("/club/", "-b", "member=1"), "club\n")

    def test_eight_kibibytes_of_nonsense_are_no_cookies(self):
        for nonsense in (";" * 8000, "=" * 8000, '"' * 8000, "a=\"" * 2600, "\xff" * 4000,
                         "beta=yes;" * 880, " \t" * 4000 + "x"):
            r = self.server.get("/beta/", {"Cookie": nonsense})
            self.assertEqual(r.status, 403, nonsense[:10])
        self.assertEqual(self.server.get("/", {"Cookie": "=;\"" * 2000}).text, "home\n")

    def test_the_access_log_shows_named_cookies_only(self):
        known = "B" * 22
        self.server.get("/?log", {"Cookie": "secret=s3cret; visitor=" + known})
        self.server.get("/plain/?new")

        def line(path):
            with open(self.server.path("access.log"), encoding="utf-8") as f:
                return [x for x in f.read().splitlines() if x.startswith(path)]
        harness.wait_until(lambda: line("/plain/") and any(known in x for x in line("/ ")), "lines")
        self.assertIn("/ visitor=%s id=%s secret=redacted" % (known, known), line("/ "))
        self.assertIn("/plain/ visitor=- id=- secret=-", line("/plain/"))
        with open(self.server.path("access.log"), encoding="utf-8") as f:
            self.assertNotIn("s3cret", f.read())


class Repairs(harness.TestCase):
    CONFIG = """
modules: { cgi = true; cookie = true; };
static: { root = "@DIR@/www"; };
cookie: { policy = ( { name = "*"; } ); };
locations = ( { path = "/cgi-bin/"; cgi: { root = "@DIR@/cgi-bin"; }; } );
"""

    def test_the_log_says_so_once_in_a_while(self):
        put_script(self.server, "set.sh", SH + 'printf "Set-Cookie: a=secret\\nContent-Type: a/b\\n\\n"')
        for _ in range(20):
            r = self.server.get("/cgi-bin/set.sh")
            self.assertEqual(r["Set-Cookie"], "a=secret; HttpOnly; SameSite=Lax")
        line = self.server.log.wait_for(r"\[warn\].* client 127\.0\.0\.1 req \w+: cookie: ")
        self.assertTrue(line.endswith('cookie: /cgi-bin/set.sh: "a" was repaired: HttpOnly, SameSite'))
        self.assertLess(len(self.server.log.matching("was repaired")), 10)
        self.assertNotIn("secret", self.server.log.text())


class Mistakes(harness.TestCase):
    def test_settings_of_a_module_that_is_off_are_a_mistake(self):
        folder = harness.make_folder(self)
        path = os.path.join(folder, "ostler.conf")
        with open(path, "w", encoding="utf-8") as f:
            f.write(harness.complete_configuration('cookie: { hide = [ "a" ]; };\n', folder))
        result = harness.run_ostler("-t", "-c", path)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("cookie", result.stderr)


if __name__ == "__main__":
    harness.main()
