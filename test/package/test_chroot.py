# test_chroot.py - the package where nothing starts services: a container without an init.
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from machine import Chroot, Load, why_not  # noqa: E402

PAGE = "<title>a page</title>\n"


@unittest.skipIf(why_not(), why_not())
class WithoutSystemd(unittest.TestCase):
    def test_installed_run_upgraded_removed_and_purged(self):
        m = Chroot()
        self.addCleanup(m.end)
        before = m.files()
        m.install("old")
        m.put("/var/www/html/load.html", PAGE)
        m.put("/usr/lib/cgi-bin/hello", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'; id -un\n",
              0o755)
        m.run("ostler")
        self.assertEqual(m.get("/load.html"), PAGE)
        self.assertEqual(m.get("/cgi-bin/hello"), "www-data\n")
        pid = m.read("/run/ostler/ostler.pid")

        conf = m.read("/etc/ostler/ostler.conf")
        m.put("/etc/ostler/ostler.conf", conf.replace('#software = "ostler"', 'software = "mine"'))
        m.run("ostler -s reload")
        load = Load(m)
        m.install("new")
        result = load.result()
        self.assertEqual(result["wrong"], [])
        self.assertGreater(result["requests"], 50)
        self.assertEqual(m.read("/run/ostler/ostler.pid"), pid)
        self.assertIn("Server: mine", m.run("curl -sI http://localhost/").stdout)
        self.assertIn("server: upgraded: ostler", m.read("/var/log/ostler/error.log"))

        m.run("apt-get remove -y ostler")
        self.assertNotEqual(m.run("curl -s http://localhost/", check=False).returncode, 0)
        self.assertFalse(os.path.exists(m.root + "/run/ostler/ostler.pid"))
        os.unlink(m.root + "/var/www/html/load.html")  # mine, not the package's
        m.run("rm /usr/lib/cgi-bin/hello; apt-get purge -y ostler")
        left = m.files() - before - {"/usr/lib/cgi-bin"}  # a folder with a script is kept
        self.assertEqual(sorted(left), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
