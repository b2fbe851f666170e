# test_site.py - a real site and real clients: Debian's python3-doc fetched whole by wget, a video
# by ranges with curl, every byte compared, and all of it while the server reloads ten times.
import os
import re
import shutil
import subprocess
import unittest

import harness

DOCUMENTS = os.path.realpath("/usr/share/doc/python3/html")
NEEDED = "needs %s, which packaging/install-deps.sh test installs"
RELOADS = 10
VIDEO_SIZE = 100 << 20


def make_video(path):
    """100 MB in which every 4 KiB differ from all others."""
    noise = os.urandom(4096 - 8)
    with open(path, "wb") as out:
        for i in range(VIDEO_SIZE // 4096):
            out.write(i.to_bytes(8, "big") + noise)


def files_below(folder):
    return sorted(os.path.relpath(os.path.join(at, name), folder)
                  for at, _, names in os.walk(folder) for name in names)


def same(a, b):
    with open(a, "rb") as x, open(b, "rb") as y:
        return x.read() == y.read()


class Site(unittest.TestCase):
    def setUp(self):
        self.folder = harness.make_folder(self)
        self.fetched = os.path.join(self.folder, "fetched")

    def start(self, root):
        return harness.Server("""
server: { workers = 2; };
static: { root = "%s"; };
accesslog: { file = "@DIR@/access.log"; };
locations = ( { path = "/all/"; static: { root = "@DIR@/all"; }; },
              { path = "/video/"; static: { root = "@DIR@/video"; }; } );
""" % root, {"all/index.html": self.list_of(root), "video/none": ""})

    def list_of(self, root):
        """A page that links to every file.  (Following the site's own links finds the same, but
        wget takes most of a minute for it: it is slow with pages of thousands of links.)"""
        self.expected = [name for name in files_below(root) if "/." not in "/" + name]
        return "<!doctype html><title>all</title>\n" + "".join(
            '<a href="/%s">x</a>\n' % name for name in self.expected)

    def wget(self, server):
        """Fetches /all/ and everything it leads to.  One try each: a lost request is a failure."""
        return subprocess.Popen(
            ["wget", "--recursive", "--level=1", "--no-host-directories", "--no-verbose",
             "--tries=1", "--timeout=60", "-e", "robots=off", "--directory-prefix=" + self.fetched,
             server.url + "/all/"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            universal_newlines=True, env=dict(os.environ, LC_ALL="C"))

    def curl(self, server, parts):
        """Fetches (range, first byte, length) one after the other over one connection."""
        config = os.path.join(self.folder, "curl.conf")
        with open(config, "w") as out:
            for i, (text, _, _) in enumerate(parts):
                out.write('%surl = "%s/video/film.mp4"\nrange = "%s"\noutput = "%s/part%d"\n'
                          "fail\nsilent\nshow-error\n" % ("next\n" if i else "", server.url, text,
                                                          self.folder, i))
        return subprocess.Popen(["curl", "-q", "--config", config], stderr=subprocess.PIPE,
                                universal_newlines=True)

    def check_fetched(self, root):
        for name in self.expected:
            path = os.path.join(self.fetched, name)
            self.assertTrue(os.path.exists(path), "%s was not fetched" % name)
            self.assertTrue(same(path, os.path.join(root, name)), "%s differs" % name)

    def check_parts(self, server, parts):
        with open(server.path("video/film.mp4"), "rb") as film:
            for i, (text, first, length) in enumerate(parts):
                film.seek(first)
                with open(os.path.join(self.folder, "part%d" % i), "rb") as part:
                    self.assertTrue(part.read() == film.read(length), "range %s differs" % text)

    def check_log(self, server, requests):
        """A line for every request; each was answered with content."""
        with open(server.path("access.log"), encoding="utf-8") as log:
            statuses = [re.search(r'" (\d+) \d+ "', line).group(1) for line in log]
        self.assertEqual(set(statuses), {"200", "206"})
        self.assertEqual(len(statuses), requests)

    @unittest.skipUnless(os.path.isdir(DOCUMENTS), NEEDED % "python3-doc")
    @unittest.skipUnless(shutil.which("wget") and shutil.which("curl"), NEEDED % "wget and curl")
    def test_nothing_is_lost_while_the_server_reloads(self):
        mib = 1 << 20
        parts = [("%d-%d" % (at, at + 3 * mib), at, 3 * mib + 1)
                 for at in range(7, VIDEO_SIZE - 4 * mib, 2 * mib + 1)]
        parts += [("0-0", 0, 1), ("-5", VIDEO_SIZE - 5, 5), ("%d-" % (50 * mib), 50 * mib, 50 * mib),
                  ("0-", 0, VIDEO_SIZE)]
        with self.start(DOCUMENTS) as server:
            make_video(server.path("video/film.mp4"))
            wget, curl = self.wget(server), self.curl(server, parts)
            complaints = []
            reader = harness.in_background(lambda: complaints.append(wget.communicate()[1]))
            for i in range(RELOADS):
                want = len(self.expected) * (i + 1) // (RELOADS + 2)
                harness.wait_until(lambda: len(files_below(self.fetched)) >= want
                                   or wget.poll() is not None, "wget makes progress")
                server.reload()
            reader.join()
            self.assertEqual((curl.communicate()[1], curl.returncode), ("", 0))
            self.check_fetched(DOCUMENTS)
            self.check_parts(server, parts)
            self.assertEqual(wget.returncode, 0, complaints[0][-2000:])
            server.end()
            self.check_log(server, 1 + len(self.expected) + len(parts))

    @unittest.skipUnless(shutil.which("curl"), NEEDED % "curl")
    def test_a_broken_download_goes_on_where_it_stopped(self):
        with self.start(self.folder) as server:
            make_video(server.path("video/film.mp4"))
            part = os.path.join(self.folder, "film")
            url = server.url + "/video/film.mp4"
            subprocess.run(["curl", "-qsf", "-r", "0-41999999", "-o", part, url], check=True)
            subprocess.run(["curl", "-qsf", "-C", "-", "-o", part, url], check=True)
            self.assertTrue(same(part, server.path("video/film.mp4")))


if __name__ == "__main__":
    unittest.main(verbosity=2)
