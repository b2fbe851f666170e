# test_backend.py - libevent's method is the best there is or the one that was set, whatever the
# environment says.
import os
import unittest

import harness

VARIABLES = {"EVENT_NOEPOLL": "1", "EVENT_NOKQUEUE": "1", "EVENT_SHOW_METHOD": "1"}


@unittest.skipUnless(os.path.isdir("/proc/self/fd"), "looks at descriptors in /proc")
class Backend(unittest.TestCase):
    def uses_epoll(self, setting, env=None):
        config = 'server: { workers = 1; event_backend = "%s"; };\nstatic: { root = "@DIR@"; };\n'
        with harness.Server(config % setting, {"index.html": "x"}, env=env) as server:
            self.assertEqual(server.get("/").text, "x")
            worker, = server.workers()
            folder = "/proc/%d/fd" % worker
            links = [os.readlink(os.path.join(folder, fd)) for fd in os.listdir(folder)]
            return any("eventpoll" in link for link in links)

    def test_the_best_method_is_used(self):
        self.assertTrue(self.uses_epoll(""))

    def test_a_setting_chooses(self):
        self.assertFalse(self.uses_epoll("poll"))

    def test_the_environment_does_not(self):
        self.assertTrue(self.uses_epoll("", VARIABLES))


if __name__ == "__main__":
    harness.main()
