# test_cgi_programs.py - programs that people run by CGI, driven by their own clients: gitweb,
# git http-backend, Mercurial's hgweb and DokuWiki.
import hashlib
import html
import os
import re
import shutil
import subprocess
import urllib.parse

import harness
from cgi_case import put_script

GIT_BACKEND = next((p for p in ("/usr/lib/git-core/git-http-backend",
                                "/usr/libexec/git-core/git-http-backend",
                                "/opt/homebrew/opt/git/libexec/git-core/git-http-backend")
                    if os.path.exists(p)), None)
GITWEB = next((p for p in ("/usr/share/gitweb/gitweb.cgi", "/usr/lib/cgi-bin/gitweb.cgi")
               if os.path.exists(p)), None)
DOKUWIKI = "/usr/share/dokuwiki"
PHP_CGI = shutil.which("php-cgi")
HG = shutil.which("hg")
# The interpreter that has Mercurial's modules.
HG_PYTHON = "/usr/bin/python3"


def run(*command, cwd=None, env=None, check=True):
    """Runs a client with a home of its own; returns what it said."""
    environment = {"PATH": os.environ["PATH"], "HOME": cwd or "/nonexistent", "LANG": "C.UTF-8",
                   "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "HGPLAIN": "1",
                   "GIT_AUTHOR_NAME": "Ann", "GIT_AUTHOR_EMAIL": "a@example.org",
                   "GIT_COMMITTER_NAME": "Ann", "GIT_COMMITTER_EMAIL": "a@example.org",
                   "HGUSER": "a <a@example.org>", **(env or {})}
    done = subprocess.run(command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False,
                          universal_newlines=True, errors="replace")
    if check and done.returncode != 0:
        raise AssertionError("%s: status %d\n%s" % (" ".join(command), done.returncode, done.stdout[-3000:]))
    return done.stdout


@harness.unittest.skipUnless(GIT_BACKEND and shutil.which("git"), "git is not installed")
class Git(harness.TestCase):
    CONFIG = """
modules: { cgi = true; };
http: { max_body = "500M"; };
locations = (
  { path = "/git/"; cgi: { script = "%s"; timeout = "60s";
      environment: { GIT_PROJECT_ROOT = "@DIR@/git"; GIT_HTTP_EXPORT_ALL = "1"; HOME = "@DIR@"; }; }; },
  { path = "/gitweb"; cgi: { script = "%s";
      environment: { GITWEB_CONFIG = "@DIR@/gitweb.conf"; HOME = "@DIR@"; }; }; } );
""" % (GIT_BACKEND, GITWEB or "/bin/false")
    FILES = {"gitweb.conf": '$projectroot = "@DIR@/git";\n$feature{"pathinfo"}{"default"} = [0];\n1;\n',
             ".gitconfig": '[safe]\n\tdirectory = *\n', "git/.keep": "", "work/.keep": ""}
    BIG = 52_000_000

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        server = cls.server
        server.write("gitweb.conf", cls.FILES["gitweb.conf"].replace("@DIR@", server.dir))
        cls.work = server.path("work")
        run("git", "init", "-q", "--bare", "-b", "main", server.path("git/big.git"))
        for key, value in (("http.receivepack", "true"), ("gc.auto", "0")):
            run("git", "-C", server.path("git/big.git"), "config", key, value)
        cls.url = server.url + "/git/big.git"

    def git(self, *command, **more):
        return run("git", *command, cwd=more.pop("cwd", self.work), **more)

    def test_a_repository_of_50_mb_is_pushed_cloned_and_fetched(self):
        self.git("init", "-q", "-b", "main", "first")
        first = os.path.join(self.work, "first")
        for name in ("one.bin", "two.bin"):
            with open(os.path.join(first, name), "wb") as f:
                f.write(os.urandom(self.BIG // 2))
        self.git("add", ".", cwd=first)
        self.git("commit", "-q", "-m", "big", cwd=first)
        # Hundreds of tips: a fetch that names them is long enough to be sent compressed.
        for i in range(120):
            self.git("commit", "-q", "--allow-empty", "-m", "number %d" % i, cwd=first)
            self.git("branch", "b%d" % i, cwd=first)
        self.git("remote", "add", "origin", self.url, cwd=first)
        trace = {"GIT_TRACE_CURL": "1", "GIT_TRACE_CURL_NO_DATA": "1"}
        said = self.git("push", "-q", "--all", "origin", cwd=first, env=trace)
        self.assertRegex(said, "(?i)=> Send header: transfer-encoding: chunked")

        said = self.git("clone", "-q", self.url, "second", env=trace)
        second = os.path.join(self.work, "second")
        for name in ("one.bin", "two.bin"):
            with open(os.path.join(first, name), "rb") as a, open(os.path.join(second, name), "rb") as b:
                self.assertTrue(a.read() == b.read(), name)
        self.git("fsck", "--full", cwd=second)

        # A second round: new commits on both sides' history, and a small push.
        with open(os.path.join(second, "three.txt"), "w") as f:
            f.write("three\n")
        self.git("add", ".", cwd=second)
        self.git("commit", "-q", "-m", "three", cwd=second)
        self.git("push", "-q", "origin", "main", cwd=second)
        # Much to tell about what it has, so that the request is compressed.
        for i in range(60):
            self.git("commit", "-q", "--allow-empty", "-m", "mine %d" % i, cwd=first)
        said = self.git("fetch", "-q", "origin", cwd=first, env=trace)
        self.assertRegex(said, "(?i)=> Send header: content-encoding: gzip")
        self.assertEqual(self.git("rev-parse", "origin/main", cwd=first), self.git("rev-parse", "main", cwd=second))

    @harness.unittest.skipUnless(GITWEB, "gitweb is not installed")
    def test_gitweb_is_browsed_page_by_page(self):
        small = self.server.path("git/small.git")
        self.git("init", "-q", "-b", "main", "site")
        site = os.path.join(self.work, "site")
        for i in range(4):
            os.makedirs(os.path.join(site, "folder"), exist_ok=True)
            with open(os.path.join(site, "folder", "file%d.txt" % i), "w") as f:
                f.write("content %d\n" % i)
            self.git("add", ".", cwd=site)
            self.git("commit", "-q", "-m", "change <%d>" % i, cwd=site)
        self.git("tag", "-a", "-m", "first", "v1", cwd=site)
        self.git("clone", "-q", "--bare", "site", small)
        seen, todo, kinds = set(), ["/gitweb?p=small.git"], set()
        while todo and len(seen) < 60:
            target = todo.pop(0)
            if target in seen:
                continue
            seen.add(target)
            r = self.server.get(target)
            self.assertEqual(r.status, 200, target)
            kind = re.search(r"[;?&]a=(\w+)", target)
            kinds.add(kind.group(1) if kind else "")
            if not r["Content-Type"].startswith(("text/html", "application/xhtml")):
                continue
            self.assertTrue(r.text.rstrip().endswith("</html>"), target)
            for link in re.findall(r'href="([^"]+)"', r.text):
                link = urllib.parse.urljoin(self.server.url + target, html.unescape(link))
                if link.startswith(self.server.url + "/gitweb?p=small.git"):
                    todo.append(link[len(self.server.url):].partition("#")[0])
        self.assertTrue({"summary", "log", "commit", "tree", "blob", "commitdiff", "tag"} <= kinds, kinds)


@harness.unittest.skipUnless(HG, "Mercurial is not installed")
class Mercurial(harness.TestCase):
    CONFIG = """
modules: { cgi = true; };
http: { max_body = "100M"; };
locations = ( { path = "/hg/"; cgi: { script = "@DIR@/cgi/hgweb.cgi"; environment: { HOME = "@DIR@"; }; }; } );
"""
    FILES = {"work/.keep": "", "hgweb.config": ""}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        server = cls.server
        cls.work = server.path("work")
        put_script(server, "cgi/hgweb.cgi", """#!%s
config = b"%s"
from mercurial import demandimport
demandimport.enable()
from mercurial.hgweb import hgweb, wsgicgi
wsgicgi.launch(hgweb(config))
""" % (HG_PYTHON, server.path("hgweb.config")))
        server.write("hgweb.config", "[paths]\n/repo = %s\n[web]\nallow-push = *\npush_ssl = false\n" %
                     server.path("repo"))
        run(HG, "init", server.path("repo"))
        cls.url = server.url + "/hg/repo"

    def test_cloned_changed_and_pushed(self):
        run(HG, "clone", self.url, "first", cwd=self.work)
        first = os.path.join(self.work, "first")
        data = os.urandom(3_000_000)
        with open(os.path.join(first, "data.bin"), "wb") as f:
            f.write(data)
        run(HG, "commit", "-A", "-m", "data", cwd=first)
        for i in range(20):
            with open(os.path.join(first, "file.txt"), "w") as f:
                f.write("%d\n" % i)
            run(HG, "commit", "-A", "-m", "change %d" % i, cwd=first)
        run(HG, "push", cwd=first)
        run(HG, "clone", self.url, "second", cwd=self.work)
        with open(os.path.join(self.work, "second", "data.bin"), "rb") as f:
            self.assertTrue(f.read() == data)
        self.assertEqual(run(HG, "id", "-i", cwd=first), run(HG, "id", "-i", cwd=os.path.join(self.work, "second")))
        page = self.server.get("/hg/repo/log")
        self.assertEqual(page.status, 200)
        self.assertIn("change 19", page.text)


class Browser:
    """Forms and cookies of one site."""

    def __init__(self, server):
        self.server = server
        self.cookies = {}

    def request(self, method, target, fields=(), body=None):
        fields = list(fields)
        if self.cookies:
            fields.append(("Cookie", "; ".join("%s=%s" % c for c in self.cookies.items())))
        r = self.server.request(method, target, fields, body, host="127.0.0.1:%d" % self.server.port)
        for cookie in r.all("Set-Cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        if r.status in (301, 302, 303):
            location = urllib.parse.urljoin(self.server.url + target, r["Location"])
            assert location.startswith(self.server.url), location
            return self.request("GET", location[len(self.server.url):].partition("#")[0])
        return r

    def post(self, target, values):
        return self.request("POST", target, [("Content-Type", "application/x-www-form-urlencoded")],
                            urllib.parse.urlencode(values).encode())

    def post_file(self, target, values, name, file, data):
        parts = b"".join(b'--BOUND\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (
            k.encode(), v.encode()) for k, v in values.items())
        parts += (b'--BOUND\r\nContent-Disposition: form-data; name="%s"; filename="%s"\r\n'
                  b"Content-Type: application/octet-stream\r\n\r\n%s\r\n--BOUND--\r\n" % (
                      name.encode(), file.encode(), data))
        return self.request("POST", target, [("Content-Type", "multipart/form-data; boundary=BOUND")], parts)


def hidden_values(page):
    """name -> value of the hidden inputs of a page."""
    values = {}
    for tag in re.findall(r"<input[^>]*>", page):
        if 'type="hidden"' in tag:
            name = re.search(r'name="([^"]*)"', tag)
            value = re.search(r'value="([^"]*)"', tag)
            if name:
                values[html.unescape(name.group(1))] = html.unescape(value.group(1)) if value else ""
    return values


@harness.unittest.skipUnless(PHP_CGI and os.path.isdir(DOKUWIKI), "DokuWiki or php-cgi is not installed")
class DokuWiki(harness.TestCase):
    CONFIG = """
modules: { cgi = true; static = true; };
http: { max_body = "20M"; };
static: { root = "@DIR@/www"; index = [ "index.html", "doku.php" ]; };
cgi: { interpreters: { php = "%s"; }; };
locations = ( { path = "/data/"; cgi: { root = "@DIR@/nothing"; }; },
              { path = "/conf/"; cgi: { root = "@DIR@/nothing"; }; } );
""" % PHP_CGI
    FILES = {"nothing/.keep": ""}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        server = cls.server
        shutil.copytree(DOKUWIKI, server.path("www"), symlinks=False,
                        ignore_dangling_symlinks=True)
        shutil.copytree("/etc/dokuwiki", server.path("www/conf"), ignore_dangling_symlinks=True,
                        ignore=shutil.ignore_patterns("*.auth.php"))
        for name in ("attic", "cache", "index", "locks", "log", "media", "media_attic", "media_meta",
                     "meta", "pages", "tmp"):
            os.makedirs(server.path("data/" + name))
        server.write("www/inc/preload.php", "<?php define('DOKU_CONF', '%s/');\n" % server.path("www/conf"))
        server.write("www/conf/users.auth.php", "# users.auth.php\n# <?php exit()?>\n"
                     "ann:%s:Ann:ann@example.org:admin,user\n" % cls.password_hash("secret"))
        server.write("www/conf/acl.auth.php", "# acl.auth.php\n# <?php exit()?>\n*\t@ALL\t1\n*\t@user\t8\n")
        server.write("www/conf/local.php", "<?php\n$conf['title'] = 'Wiki';\n$conf['useacl'] = 1;\n"
                     "$conf['superuser'] = '@admin';\n$conf['savedir'] = '%s';\n"
                     "$conf['authtype'] = 'authplain';\n$conf['updatecheck'] = 0;\n"
                     "$conf['disableactions'] = 'register,resendpwd';\n"
                     % server.path("data"))

    @staticmethod
    def password_hash(password):
        return hashlib.md5(password.encode()).hexdigest()  # DokuWiki takes plain MD5, too

    def test_log_in_edit_save_upload(self):
        browser = Browser(self.server)
        page = browser.request("GET", "/doku.php?id=start")
        self.assertEqual(page.status, 200)
        self.assertIn("<title>", page.text)
        self.assertNotIn("doku.php?id=start&amp;do=admin", page.text)

        values = hidden_values(browser.request("GET", "/doku.php?id=start&do=login").text)
        values.update({"u": "ann", "p": "secret", "do": "login", "id": "start"})
        page = browser.post("/doku.php?id=start&do=login", values)
        self.assertIn("Ann", page.text)

        page = browser.request("GET", "/doku.php?id=start&do=edit")
        values = hidden_values(page.text)
        self.assertIn("sectok", values)
        values.update({"wikitext": "====== Headline ======\n\nText with ''%d'' bytes.\n" % 12345 + "word " * 20000,
                       "do[save]": "Save", "summary": "made"})
        page = browser.post("/doku.php?id=start", values)
        self.assertEqual(page.status, 200)
        self.assertIn("Headline", page.text)
        with open(self.server.path("data/pages/start.txt")) as f:
            self.assertIn("12345", f.read())

        token = hidden_values(browser.request("GET", "/doku.php?id=start&do=edit").text)["sectok"]
        data = b"\x89PNG\r\n\x1a\n" + os.urandom(1_500_000)
        page = browser.post_file("/lib/exe/mediamanager.php?ns=", {"sectok": token, "ns": "", "id": "data.zip"},
                                 "upload", "data.zip", b"PK\x03\x04" + data)
        self.assertEqual(page.status, 200)
        r = browser.request("GET", "/lib/exe/fetch.php?media=data.zip")
        self.assertEqual((r.status, r.body), (200, b"PK\x03\x04" + data))
        r = browser.request("GET", "/lib/exe/fetch.php?media=data.zip", [("Range", "bytes=4-11")])
        self.assertEqual((r.status, r.body), (206, data[:8]))
        # What it asks for beside pages: style sheets and scripts made by PHP, images as files.
        page = browser.request("GET", "/doku.php?id=start").text
        for link in set(html.unescape(u) for u in re.findall(r'(?:src|href)="(/lib/[^"]+)"', page)):
            self.assertEqual(browser.request("GET", link).status, 200, link)
        self.assertEqual(browser.request("GET", "/conf/users.auth.php").status, 404)


if __name__ == "__main__":
    harness.main()
