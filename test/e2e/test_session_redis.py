# test_session_redis.py - sessions in a real redis-server: shared by two servers, and what becomes
# of requests when it is gone, stopped, emptied, slow, or talks nonsense.
import json
import os
import signal
import subprocess
import threading
import unittest

import harness
from cgi_case import put_script
from redis_case import REDIS, Redis, Spoiler, free_port
from session_case import SCRIPT, Browser

CONFIG = """
server: { workers = %d; };
modules: { cgi = true; session = true; };
session: { store = "%s"; %s };
static: { root = "@DIR@/www"; };
locations = ( { path = "/cgi-bin/"; cgi: { root = "@DIR@/cgi-bin"; }; } );
"""


@unittest.skipUnless(REDIS, "needs redis-server, which packaging/install-deps.sh test installs")
class RedisCase(unittest.TestCase):
    def serve(self, url, settings="", workers=1):
        server = harness.Server(CONFIG % (workers, url, settings), {
            "www/index.html": "hello\n", "cgi-bin/.keep": ""})
        self.addCleanup(server.destroy)
        put_script(server, "session.py", SCRIPT)
        return server

    def store(self, browser, name, value="1"):
        """A session with this value, which is certainly there."""
        def stored():
            browser.session("set=%s%%3D%s" % (name, value))
            return browser.session()["SESSION_NEW"] == "0"
        harness.wait_until(stored, "a session is stored")

    def works_again(self, browser):
        def works():
            status, _, _ = browser.get("/cgi-bin/session.py?set=again%3D1")
            return status == 200 and browser.session().get("SESSION_NEW") == "0"
        harness.wait_until(works, "sessions work again", pause=0.05)


class Shared(RedisCase):
    def setUp(self):
        self.redis = Redis(self)
        self.one, self.two = (self.serve(self.redis.url, workers=2) for _ in range(2))

    def both(self):
        """One browser for both servers: a cookie knows no port."""
        one, two = Browser(self, self.one), Browser(self, self.two)
        two.jar = one.jar
        return one, two

    def test_two_servers_share_sessions_and_logouts(self):
        one, two = self.both()
        one.session("set=user%3DAda")
        self.assertEqual(two.values(), {"user": "Ada"})
        two.session("set=basket%3D3&unset=user")
        self.assertEqual(one.values(), {"basket": "3"})
        old = one.id()
        two.session("rotate=1")
        self.assertNotEqual(one.id(), old)
        self.assertEqual(one.values(), {"basket": "3"})
        thief = Browser(self, self.one)
        thief.set_id(old)
        self.assertEqual(thief.session()["SESSION_NEW"], "1")
        now = one.id()
        two.session("destroy=1")
        one.set_id(now)
        self.assertEqual(one.session()["SESSION_NEW"], "1")
        for server in (self.one, self.two):
            server.stop()

    def test_a_hundred_writes_at_once_over_both_lose_nothing(self):
        one, _ = self.both()
        one.session("set=a%3D1")
        cookie = {"Cookie": "sid=" + one.id()}

        def write(server, first):
            for i in range(first, 100, 4):
                server.get("/cgi-bin/session.py?set=k%d%%3D%d" % (i, i), cookie)
        threads = [threading.Thread(target=write, args=((self.one, self.two)[i % 2], i))
                   for i in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        expected = {"k%d" % i: str(i) for i in range(100)}
        self.assertEqual(one.values(), dict(expected, a="1"))

    def test_a_restart_and_a_killed_worker_lose_nothing(self):
        one, two = self.both()
        one.session("set=a%3D1")
        self.one.allow = "killed|signal"
        for pid in self.one.workers():
            os.kill(pid, signal.SIGKILL)
        self.one.log.wait_for(r"worker \d+.*(killed|signal)", 2)
        self.assertEqual(one.values(), {"a": "1"})
        self.one.stop()
        self.assertEqual(two.values(), {"a": "1"})

    def test_the_operator_sees_and_ends_them(self):
        one, _ = self.both()
        one.session("set=user%3DAda")
        handle = one.session()["SESSION_ID"]

        def sessions(*words):
            done = harness.run_ostler("sessions", "-c", self.two.path("ostler.conf"), *words)
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stdout
        self.assertIn(handle, sessions("list"))
        self.assertIn("Ada", sessions("show", handle))
        sessions("revoke", handle)
        self.assertNotIn(handle, sessions("list"))
        self.assertEqual(one.session()["SESSION_NEW"], "1")

    def test_nothing_in_redis_is_the_secret(self):
        one, _ = self.both()
        one.session("set=a%3D1")
        dump = "".join(self.redis.cli("keys", "*").split())
        for key in self.redis.cli("keys", "*").split():
            kind = self.redis.cli("type", key).strip()
            dump += self.redis.cli(*{"hash": ("hgetall", key), "string": ("get", key),
                                     "zset": ("zrange", key, "0", "-1")}[kind])
        self.assertNotIn(one.id(), dump)


class Faults(RedisCase):
    SETTINGS = 'store_timeout = "300ms";'

    def setUp(self):
        self.redis = Redis(self)

    def test_killed_and_started_again_empty(self):
        server = self.serve(self.redis.url, self.SETTINGS)
        browser = Browser(self, server)
        self.store(browser, "a")
        self.redis.stop()
        for _ in range(5):
            status, _, content = browser.get("/cgi-bin/session.py")
            self.assertEqual((status, json.loads(content).get("SESSION_NEW", "1")), (200, "1"))
        line = server.log.wait_for(r"\[error\].*session: redis:unix:.*cannot look up a session: ")
        self.assertRegex(line, "closed the connection|No such file|refused|reset|Broken pipe")
        self.redis.start()
        self.works_again(browser)
        server.log.wait_for("works again")
        server.stop()

    def test_killed_where_sessions_must_be(self):
        server = self.serve(self.redis.url, self.SETTINGS + 'on_failure = "503";')
        browser = Browser(self, server)
        self.store(browser, "a")
        self.redis.stop()
        status, head, content = browser.get("/cgi-bin/session.py")
        self.assertEqual(status, 503)
        self.assertNotIn("SESSION", content)
        self.redis.start()
        harness.wait_until(lambda: browser.get("/cgi-bin/session.py")[0] == 200, "200 again")
        self.works_again(browser)
        server.stop()

    def test_stopped_and_continued(self):
        server = self.serve(self.redis.url, self.SETTINGS)
        browser = Browser(self, server)
        self.store(browser, "a")
        self.redis.signal(signal.SIGSTOP)
        self.assertEqual(browser.get("/cgi-bin/session.py?set=lost%3D1")[0], 200)
        server.log.wait_for(r"\[error\].*session: .*no answer within 300 ms")
        self.assertEqual(server.get("/").text, "hello\n")  # nobody else waits
        self.redis.signal(signal.SIGCONT)
        self.works_again(browser)
        values = browser.values()
        self.assertEqual(values["a"], "1")
        self.assertNotIn("lost", values)  # it was not stored, and is not stored later
        server.stop()

    def test_down_when_the_server_starts(self):
        self.redis.stop()
        server = self.serve(self.redis.url, self.SETTINGS)
        browser = Browser(self, server)
        self.assertEqual(browser.get("/cgi-bin/session.py?set=a%3D1")[0], 200)
        self.assertEqual(browser.id(), None)
        self.redis.start()
        self.works_again(browser)
        server.stop()


class Nonsense(RedisCase):
    SETTINGS = 'store_timeout = "300ms";'

    def spoil(self, mode, complaint):
        redis = Redis(self)
        spoiler = Spoiler(self, redis)
        server = self.serve(spoiler.url, self.SETTINGS)
        one, two = Browser(self, server), Browser(self, server)
        self.store(one, "who", "one")
        self.store(two, "who", "two")
        spoiler.mode = mode
        for browser, name in ((one, "one"), (two, "two")) * 3:
            status, _, content = browser.get("/cgi-bin/session.py")
            self.assertEqual(status, 200)
            # The session or none, never somebody else's.
            values = json.loads(json.loads(content).get("SESSION_JSON", "{}"))
            self.assertIn(values.get("who", name), (name,))
        line = server.log.wait_for(r"\[error\].*session: redis://127\.0\.0\.1:\d+: cannot ")
        self.assertRegex(line, complaint)
        spoiler.mode = "pass"
        for browser, name in ((one, "one"), (two, "two")):
            harness.wait_until(
                lambda b=browser, n=name: json.loads(b.session().get("SESSION_JSON", "{}"))
                .get("who") == n, "the session is back")
        server.stop()

    def test_garbage(self):
        self.spoil("garbage", "is not Redis's protocol")

    def test_half_an_answer_and_silence(self):
        self.spoil("half", "no answer within 300 ms")

    def test_half_an_answer_and_the_end(self):
        self.spoil("cut", "closed the connection|reset")

    def test_answers_that_come_twice(self):
        self.spoil("twice", "nobody asked|another question")

    def test_answers_that_come_late(self):
        self.spoil("hold", "no answer within 300 ms")

    def test_an_answer_without_end(self):
        self.spoil("huge", "a reply of more than|no answer within 300 ms")


class Access(RedisCase):
    def test_a_password_from_a_file(self):
        redis = Redis(self, "--requirepass", "open-sesame")
        secret = os.path.join(harness.make_folder(self), "password")
        with open(secret, "w", encoding="ascii") as f:
            f.write("open-sesame\n")
        os.chmod(secret, 0o600)
        server = self.serve(redis.url, 'password_file = "%s";' % secret)
        browser = Browser(self, server)
        self.store(browser, "a")
        self.assertNotIn("open-sesame", server.log.text())
        server.stop()

    def test_a_password_that_everybody_may_read_is_refused(self):
        folder = harness.make_folder(self)
        secret = os.path.join(folder, "password")
        with open(secret, "w", encoding="ascii") as f:
            f.write("open-sesame\n")
        os.chmod(secret, 0o644)
        config = os.path.join(folder, "ostler.conf")
        with open(config, "w", encoding="utf-8") as f:
            f.write(harness.complete_configuration(
                CONFIG % (1, "redis://127.0.0.1:1", 'password_file = "%s";' % secret), folder))
        done = harness.run_ostler("-D", "-c", config)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("chmod 640", done.stderr)

    def test_a_name_that_nobody_knows_is_told_at_the_start(self):
        folder = harness.make_folder(self)
        config = os.path.join(folder, "ostler.conf")
        with open(config, "w", encoding="utf-8") as f:
            f.write(harness.complete_configuration(
                CONFIG % (1, "redis://no.such.name.invalid", ""), folder))
        done = harness.run_ostler("-D", "-c", config, timeout=120)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("no.such.name.invalid", done.stderr)

    def certificates(self, name):
        """A certificate for `name`, and the one that is to be believed for it."""
        folder = harness.make_folder(self)

        def openssl(*words):
            subprocess.run(["openssl", *words], cwd=folder, check=True, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=" + name,
                "-keyout", "key.pem", "-out", "cert.pem")
        return os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")

    def tls_redis(self, name):
        cert, key = self.certificates(name)
        port = free_port()
        Redis(self, "--tls-port", str(port), "--bind", "127.0.0.1", "--tls-cert-file", cert,
              "--tls-key-file", key, "--tls-ca-cert-file", cert, "--tls-auth-clients", "no")
        return "rediss://127.0.0.1:%d" % port, cert

    def test_tls(self):
        url, cert = self.tls_redis("IP:127.0.0.1")
        server = self.serve(url, 'ca_file = "%s";' % cert)
        browser = Browser(self, server)
        self.store(browser, "a")
        self.assertEqual(browser.values(), {"a": "1"})
        server.stop()

    def test_tls_with_a_certificate_for_somebody_else(self):
        url, cert = self.tls_redis("IP:127.0.0.2")
        server = self.serve(url, 'ca_file = "%s"; store_timeout = "5s";' % cert)
        browser = Browser(self, server)
        self.assertEqual(browser.get("/cgi-bin/session.py?set=a%3D1")[0], 200)
        server.log.wait_for(r"\[error\].*rediss://.*its certificate: ")
        self.assertIsNone(browser.id())
        server.stop()

    def test_tls_with_a_certificate_that_nobody_knows(self):
        url, _ = self.tls_redis("IP:127.0.0.1")
        server = self.serve(url, 'store_timeout = "5s";')
        browser = Browser(self, server)
        self.assertEqual(browser.get("/cgi-bin/session.py?set=a%3D1")[0], 200)
        server.log.wait_for(r"\[error\].*rediss://.*its certificate: ")
        server.stop()


if __name__ == "__main__":
    harness.main()
