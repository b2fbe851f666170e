# test_session_faults.py - the file of sessions is locked, read-only, broken, on a full disk.
import os
import shutil
import sqlite3
import subprocess
import unittest

import harness
from cgi_case import SH, put_script
from session_case import Browser, SessionCase

IS_ROOT = os.geteuid() == 0


class FaultCase(SessionCase):
    SESSION = 'store_timeout = "1s";'
    WORKERS = 1
    ALLOW = None

    def lines(self, pattern):
        return self.server.log.matching(pattern)

    def wait_until_it_works(self, browser):
        """Nothing was restarted: it comes back by itself."""
        def works():
            browser.session("set=again%3D1")
            return browser.session().get("SESSION_NEW") == "0"
        harness.wait_until(works, "sessions work again", pause=0.05)


class Locked(FaultCase):
    def test_reading_goes_on_and_writing_gives_up(self):
        browser = self.browser()
        browser.session("set=a%3D1")
        db = sqlite3.connect(self.database, isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        self.assertEqual(browser.values(), {"a": "1"})
        self.assertEqual(browser.get("/cgi-bin/session.py?set=a%3D2")[0], 200)
        self.server.log.wait_for(r"\[error\].*session: sqlite:.*cannot store (a session|activity): "
                                 r"(database is locked|no answer)")
        for _ in range(3):
            browser.session("set=a%3D2")
            self.assertEqual(browser.values(), {"a": "1"})
        db.execute("ROLLBACK")
        db.close()
        self.wait_until_it_works(browser)
        self.server.log.wait_for("writing works again")
        self.assertLess(len(self.lines("cannot store ")), 4)


class LockedAndStrict(FaultCase):
    SESSION = 'store_timeout = "1s"; on_failure = "503";'

    def test_what_was_not_stored_is_not_answered(self):
        browser = self.browser()
        browser.session("set=a%3D1")
        db = sqlite3.connect(self.database, isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        status, head, content = browser.get("/cgi-bin/session.py?set=a%3D2")
        self.assertEqual(status, 503)
        self.assertIn("Retry-After: 5", head)
        self.assertNotIn("SESSION_JSON", content)
        self.assertEqual(browser.get("/page.html")[0], 200)
        db.execute("ROLLBACK")
        db.close()
        harness.wait_until(lambda: browser.get("/cgi-bin/session.py?set=a%3D3")[0] == 200, "200")
        self.assertEqual(browser.values(), {"a": "3"})


class Broken(FaultCase):
    def test_a_truncated_file_is_told_and_a_new_one_is_taken(self):
        browser = self.browser()
        browser.session("set=a%3D1")
        for i in range(30):  # more than is cached
            self.sql("INSERT INTO session SELECT NULL,handle||?,randomblob(32),NULL,NULL,1,created,"
                     "seen,idle_until,ends,expires,1,origin,address,agent,? FROM session "
                     "WHERE length(handle)=16", str(i), "x=" + "y" * 8000)
        self.sql("PRAGMA wal_checkpoint(TRUNCATE)")
        os.truncate(self.database, 5000)
        stranger = self.browser()
        stranger.set_id("A" * 32)
        # Whatever SQLite still had in memory: with a new connection it sees what is there.
        os.rename(self.database, self.database + ".cut")
        shutil.copyfile(self.database + ".cut", self.database)
        def told():
            stranger.session("set=b%3D1")
            return self.lines(r"\[error\].*session: sqlite:.*(malformed|not a database).*move ")
        harness.wait_until(told, "the log tells of the broken file", pause=0.05)
        self.assertEqual(stranger.get("/page.html")[0], 200)
        self.assertLess(len(self.lines("move ")), 4)
        for name in ("sessions.db", "sessions.db-wal", "sessions.db-shm"):
            path = self.server.path("state/" + name)
            if os.path.exists(path):
                os.unlink(path)
        self.wait_until_it_works(self.browser())

    def test_a_file_that_is_taken_away_is_made_again(self):
        browser = self.browser()
        self.wait_until_it_works(browser)
        shutil.rmtree(self.server.path("state"))
        os.mkdir(self.server.path("state"))
        harness.wait_until(lambda: browser.session("set=b%3D1") and os.path.exists(self.database),
                           "a new file", pause=0.05)
        self.wait_until_it_works(browser)


@unittest.skipUnless(IS_ROOT, "needs a worker that is not root")
class ReadOnly(unittest.TestCase):
    FILES = {"www/page.html": "a page\n", "cgi-bin/.keep": ""}
    # For a user who may not run the tests' own Python.
    SCRIPT = SH + """printf 'Content-Type: text/plain\\n'
[ -z "$QUERY_STRING" ] || printf 'X-Session-Set: a=%s\\n' "$QUERY_STRING"
printf '\\n%s' "$HTTP_SESSION"
"""

    def start(self, state=None):
        config = SessionCase.configuration().replace(
            "server: {", 'server: { user = "nobody";').replace(
            "session: {", 'session: { store_timeout = "1s";', 1)
        if state:
            config = config.replace("@DIR@/state", state)
        server = harness.Server(config, self.FILES)
        put_script(server, "session.sh", self.SCRIPT)
        return server

    def test_a_file_that_may_not_be_written_is_told_and_used_when_it_may(self):
        with self.start() as first:
            browser = Browser(self, first)
            browser.get("/cgi-bin/session.sh?1")
            first.end()
            database = first.path("state/sessions.db")
            self.assertNotEqual(os.stat(database).st_uid, 0)  # the workers', although root made it
            os.chmod(database, 0o444)
            os.chown(database, 0, 0)
            with self.start(first.path("state")) as server:
                browser.server = server
                self.assertEqual(browser.get("/cgi-bin/session.sh?2")[0], 200)
                server.log.wait_for(r"\[error\].*session: sqlite:.*(readonly|read-only)")
                self.assertEqual(browser.get("/page.html")[0], 200)
                os.chmod(database, 0o666)

                def works():
                    browser.get("/cgi-bin/session.sh?3")
                    return browser.get("/cgi-bin/session.sh")[2] == "a=3"
                harness.wait_until(works, "writing works", pause=0.05)


@unittest.skipUnless(IS_ROOT and shutil.which("mount"), "needs a small file system of its own")
class FullDisk(FaultCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = os.path.realpath(harness.tempfile.mkdtemp(prefix="ostler-test-disk-"))
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", cls.folder],
                                 stderr=subprocess.PIPE)
        if mounted.returncode != 0:
            os.rmdir(cls.folder)
            raise unittest.SkipTest("no mount here: %s" % mounted.stderr.decode())
        cls.addClassCleanup(os.rmdir, cls.folder)
        cls.addClassCleanup(subprocess.run, ["umount", cls.folder], check=True)
        super().setUpClass()

    @classmethod
    def configuration(cls):
        return super().configuration().replace("@DIR@/state", cls.folder)

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()

    def test_writing_fails_until_there_is_room(self):
        browser = self.browser()
        browser.session("set=a%3D1")
        ballast = os.path.join(self.folder, "ballast")
        with open(ballast, "wb", buffering=0) as f:
            try:
                while True:
                    f.write(b"x" * 1024)
            except OSError:
                pass
        for i in range(40):  # until SQLite needs more room
            browser.session("set=k%d%%3D%s" % (i, "x" * 200))
            if self.lines(r"\[error\].*session: sqlite:"):
                break
        self.server.log.wait_for(r"\[error\].*session: sqlite:.*(full|[Nn]o space|I/O)")
        self.assertEqual(browser.get("/page.html")[0], 200)
        self.assertEqual(browser.values()["a"], "1")
        os.unlink(ballast)
        def works():
            browser.session("set=z%3D1")
            return "z" in browser.values()
        harness.wait_until(works, "writing works", pause=0.05)
        self.server.log.wait_for("writing works again")


if __name__ == "__main__":
    harness.main()
