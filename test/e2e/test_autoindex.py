# test_autoindex.py - listings over real connections: names of every kind, mirrors, large folders.
import collections
import html
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
import time
import unittest
import urllib.parse
import zipfile

import harness

CONFIG = """
static: { root = "@DIR@/www"; };
autoindex: { enabled = true; page_size = 500; };
accesslog: { file = "@DIR@/access.log"; };
hosts = (
  { names = [ "plain.example" ]; autoindex: { enabled = false; }; },
  { names = [ "part.example" ]; autoindex: { enabled = false; };
    locations = ( { path = "/pub/"; autoindex: { enabled = true; previews = true; }; } ); }
);
"""

NAMES = (b"plain.txt", b"100% #1?.txt", b"a&b=c;d.txt", b"<img src=x onerror=alert(1)>.txt", b"\"quote'.txt",
         b"javascript:alert(1)", b"bytes\xff\xfe.bin", "שלום עולם.txt".encode(), "日本語.md".encode(),
         b"back\\slash", b"+plus+", b"..dots", b"%2e%2e", b"n" * 255)


class Listing(harness.TestCase):
    CONFIG = CONFIG
    FILES = {
        "www/docs/index.html": "an index",
        "www/pub/deep/er/leaf.txt": "leaf",
        "www/pub/photo.jpg": "jpg",
        "www/.env": "SECRET",
        "www/old.txt~": "SECRET",
        "outside.txt": "SECRET",
        "www/many/.keep": "",
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        top = os.fsencode(cls.server.path("www/names"))
        os.mkdir(top)
        for name in NAMES:
            with open(os.path.join(top, name), "wb") as f:
                f.write(b"content of " + name)
        for i in range(2100):
            cls.server.write("www/many/f%d.txt" % i, "%d" % i)

    def links(self, page):
        table = page.text[page.text.index("<tbody>"):page.text.index("</tbody>")]
        return [html.unescape(x) for x in re.findall(r'<a href="([^"]*)"', table)]

    def logged(self, marker):
        """The lines of the access log up to a request of our own for `marker`."""
        self.server.get(marker)
        lines = []

        def is_there():
            with open(self.server.path("access.log")) as f:
                lines[:] = f.read().splitlines()
            return any(marker in x for x in lines)
        harness.wait_until(is_there, marker + " in the log")
        return lines

    def test_every_name_is_linked_to_its_file(self):
        links = self.links(self.server.get("/names/"))
        found = {urllib.parse.unquote_to_bytes(x) for x in links}
        # A leading dot is hidden.
        self.assertEqual(found, set(NAMES) - {b"..dots"})
        for link in links:
            with self.subTest(link):
                r = self.server.get("/names/" + link)
                self.assertEqual(r.body, b"content of " + urllib.parse.unquote_to_bytes(link))

    def test_fields(self):
        r = self.server.get("/pub/")
        self.assertEqual(r["Content-Type"], "text/html; charset=utf-8")
        self.assertEqual(r["X-Content-Type-Options"], "nosniff")
        policy = r["Content-Security-Policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn("unsafe", policy)
        self.assertNotRegex(r.text, r"(?i)<script>|<style| style=| on[a-z]+=\"|javascript:")
        h = self.server.head("/pub/")
        self.assertEqual((h.status, h["ETag"], h["Content-Length"], h.body),
                         (200, r["ETag"], str(len(r.body)), b""))
        again = self.server.get("/pub/", {"If-None-Match": r["ETag"]})
        self.assertEqual((again.status, again.body), (304, b""))

    def test_what_a_page_loads_is_there(self):
        for host, path in (("localhost", "/pub/"), ("part.example", "/pub/deep/")):
            page = self.server.get(path, host=host).text
            needed = re.findall(r'(?:<link [^>]*href|<script src)="([^"]+)"', page)
            self.assertEqual(len(needed), 2)
            for target in needed:
                with self.subTest(host=host, target=target):
                    self.assertEqual(self.server.get(target, host=host).status, 200)

    def test_where_listings_are_off(self):
        self.assertEqual(self.server.get("/pub/", host="plain.example").status, 404)
        self.assertEqual(self.server.get("/", host="part.example").status, 404)
        self.assertEqual(self.server.get("/pub/", host="part.example").status, 200)
        self.assertIn("<img ", self.server.get("/pub/", host="part.example").text)

    def test_an_index_wins_and_a_missing_slash_is_added(self):
        self.assertEqual(self.server.get("/docs/").text, "an index")
        r = self.server.get("/pub?sort=size")
        self.assertEqual((r.status, r["Location"]), (301, "/pub/?sort=size"))

    def test_hidden_files_stay_hidden(self):
        page = self.server.get("/").text
        self.assertNotIn(".env", page)
        self.assertNotIn("old.txt", page)

    def test_a_folder_as_one_file(self):
        with harness.Server(
                'static: { root = "@DIR@/www"; };\n'
                'autoindex: { enabled = true; downloads = [ "tar", "zip" ]; };\n',
                {"www/a/b.txt": "b" * 300000, "www/שלום.txt": "c", "www/.env": "SECRET"}) as server:
            tar = server.get("/?format=tar")
            self.assertIn("files.tar", tar["Content-Disposition"])
            with tarfile.open(fileobj=io.BytesIO(tar.body)) as t:
                self.assertEqual(sorted(t.getnames()), ["a", "a/b.txt", "שלום.txt"])
                self.assertEqual(t.extractfile("a/b.txt").read(), b"b" * 300000)
            with zipfile.ZipFile(io.BytesIO(server.get("/a/?format=zip").body)) as z:
                self.assertEqual((z.namelist(), z.testzip()), (["b.txt"], None))

    def test_json(self):
        r = self.server.get("/pub/", {"Accept": "application/json"})
        self.assertEqual(r["Content-Type"], "application/json")
        self.assertEqual(r["Vary"], "Accept")
        entries = json.loads(r.text)["entries"]
        self.assertEqual([(e["name"], e["type"]) for e in entries],
                         [("deep", "directory"), ("photo.jpg", "file")])
        names = json.loads(self.server.get("/names/?format=json").text)["entries"]
        self.assertEqual({urllib.parse.unquote_to_bytes(e["href"]) for e in names},
                         set(NAMES) - {b"..dots"})

    def test_a_new_file_is_seen_within_the_age_of_the_cache(self):
        before = self.server.get("/pub/deep/er/")
        self.server.write("www/pub/deep/er/new.txt", "x")
        deadline = time.monotonic() + harness.TIMEOUT
        while "new.txt" not in self.server.get("/pub/deep/er/").text:
            self.assertLess(time.monotonic(), deadline)
        after = self.server.get("/pub/deep/er/")
        self.assertNotEqual(before["ETag"], after["ETag"])
        os.unlink(self.server.path("www/pub/deep/er/new.txt"))

    def test_a_large_folder_in_pages(self):
        found = []
        with self.server.connect() as c:
            for page in range(1, 6):
                r = c.exchange("GET", "/many/?page=%d" % page)
                self.assertEqual(r.status, 200)
                found += self.links(r)
        self.assertEqual(found, ["f%d.txt" % i for i in range(2100)])

    def test_a_client_that_leaves_while_a_large_folder_is_read(self):
        for _ in range(20):
            with self.server.connect() as c:
                c.send(harness.make_request("GET", "/many/?sort=size&q=f"))
        # Busy for a moment at most: what nobody waits for is not read to its end.
        deadline = time.monotonic() + harness.TIMEOUT
        while self.server.get("/many/?q=f2").status == 503:
            self.assertLess(time.monotonic(), deadline)
        self.assertEqual(self.server.get("/many/?q=f2").status, 200)

    @unittest.skipUnless(shutil.which("wget"), "needs wget")
    def test_wget_mirrors_every_file_once(self):
        target = harness.make_folder(self)
        logged = len(self.logged("/before-the-mirror"))
        subprocess.run(
            ["wget", "--recursive", "--level=inf", "--quiet", "--directory-prefix=" + target,
             "--no-host-directories", "--restrict-file-names=nocontrol", self.server.url + "/"],
            timeout=240, env={**os.environ, "LC_ALL": "C.UTF-8"})
        lines = self.logged("/after-the-mirror")[logged:]
        asked = collections.Counter(re.search(r'"GET (\S+) HTTP/1.1" 200', x).group(1)
                                    for x in lines if '" 200 ' in x)
        self.assertEqual({x: n for x, n in asked.items() if n > 1}, {})
        # wget follows every <a href>, with rel="nofollow", too: there must be none to follow.
        self.assertEqual([x for x in asked if re.search(r"[?&](sort|order|q|format)=", x)], [])
        fetched = {urllib.parse.unquote_to_bytes(x[1:]) for x in asked}
        wanted = {}
        www = os.fsencode(self.server.path("www"))
        for folder, _, names in os.walk(www):
            for name in names:
                path = os.path.join(folder, name)
                relative = os.path.relpath(path, www)
                if name.startswith(b".") or name.endswith(b"~"):
                    continue
                if relative != b"docs/index.html":
                    self.assertIn(relative, fetched)
                if b"\xff" in name or b"%2e" in name or len(name) > 200:
                    continue  # fetched, but stored under a name that wget thought up
                with open(path, "rb") as f:
                    wanted[relative] = f.read()
        for name, content in wanted.items():
            with open(os.path.join(os.fsencode(target), name), "rb") as f:
                self.assertEqual(f.read(), content, name)


if __name__ == "__main__":
    harness.main()
