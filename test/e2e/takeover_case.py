# takeover_case.py - what a reload and an upgrade have in common: new workers, and nobody notices.
import os
import socket
import threading
import unittest

import harness
from harness import TIMEOUT, run_ostler, wait_until
from wire import make_request

BIG = os.urandom(1 << 16) * 128  # 8 MiB


class TakeoverCase(unittest.TestCase):
    COMMAND = "reload"

    def put(self, s, text):
        s.write("ostler.conf", harness.complete_configuration(text, s.dir))

    def command(self, s, name=None):
        return run_ostler("-c", s.path("ostler.conf"), "-s", name or self.COMMAND)

    def carry_out(self, s):
        done = self.command(s)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def wait_for_new_workers(self, s, before):
        wait_until(lambda: len(s.workers()) == 2 and not set(before) & set(s.workers()),
                   "new workers only")

    def wait_until_refused(self, address):
        def is_refused():
            with socket.socket() as probe:
                return probe.connect_ex(address) != 0
        wait_until(is_refused, "the old address to be refused")


class Traffic:
    """Clients that ask for /name.txt until the end: on connections that they keep, and on new ones."""

    def __init__(self, server, answers):
        self.server = server
        self.answers = answers
        self.wrong = []
        self.counts = {"kept": 0, "new": 0}
        self._stop = threading.Event()

    def __enter__(self):
        self._threads = [harness.in_background(self._ask, kind) for kind in list(self.counts) * 2]
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(TIMEOUT)

    def wait_for(self, more):
        """Until so many more requests of either kind were answered, or one was not."""
        seen = dict(self.counts)
        wait_until(lambda: self.wrong or all(self.counts[k] > seen[k] + more for k in seen),
                   "traffic")

    def _ask(self, kind):
        try:
            while not self._stop.is_set():
                self._ask_on_one_connection(kind)
        except BaseException as e:  # noqa: B902: whatever it is, a request failed
            self.wrong.append("%s: %r" % (kind, e))

    def _ask_on_one_connection(self, kind):
        with self.server.connect() as c:
            for _ in range(50 if kind == "kept" else 1):
                response = c.exchange("GET", "/name.txt")
                self.counts[kind] += 1
                if response.status != 200 or response.text not in self.answers:
                    self.wrong.append(response)
                if response.closes or self._stop.is_set():
                    return


class Promises:
    """Tests of whatever takes over; mixed into a TakeoverCase with server() and take_over()."""

    AFTER = "one\n"  # what /name.txt says then
    TIMES = 10

    def test_an_idle_connection_gets_its_next_answer_and_close(self):
        s = self.server()
        with s.connect() as c:
            self.assertEqual(c.exchange("GET", "/name.txt").get("Connection"), None)
            self.take_over(s)
            last = c.exchange("GET", "/name.txt")
            self.assertEqual((last.status, last.text), (200, "one\n"))
            self.assertEqual(last["Connection"], "close")
            c.expect_close()
        s.stop()

    def test_an_answer_under_way_is_finished_by_the_old_workers(self):
        s = self.server()
        with s.connect(receive_buffer=4096) as c:
            c.send(make_request("GET", "/big.bin"))
            c.read_head()
            self.take_over(s)
            self.assertEqual(s.get("/name.txt").text, self.AFTER)
            self.assertEqual(c.read_exactly(len(BIG)), BIG)
        s.stop()

    def test_a_request_that_has_begun_is_answered(self):
        s = self.server()
        with s.connect() as c:
            request = make_request("GET", "/name.txt")
            c.send(request[:20])
            self.take_over(s)
            c.send(request[20:])
            self.assertEqual(c.read_response().status, 200)
        s.stop()

    def test_no_request_is_lost(self):
        s = self.server()
        with Traffic(s, ("one\n", self.AFTER)) as traffic:
            for i in range(self.TIMES):
                self.take_over(s, i)
                traffic.wait_for(25)
        self.assertEqual(traffic.wrong, [])
        s.stop()
