# test_fresh.py - the first command of README.md on a Debian that has nothing yet.
#
# A bare Debian 12 gets what git has of this tree, and quickstart.sh does the rest: what it misses it
# must install itself.  OSTLER_FRESH_PARTS="gcc browser" runs those parts of test/run.sh after it.
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from machine import OUT, SOURCE, make_bare, run, why_no_debian  # noqa: E402


@unittest.skipIf(why_no_debian(), why_no_debian())
class Fresh(unittest.TestCase):
    def setUp(self):
        bare = make_bare()
        self.folder = tempfile.mkdtemp(prefix="fresh-", dir=OUT)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.root, upper, work = (os.path.join(self.folder, x) for x in ("root", "upper", "work"))
        for folder in (self.root, upper, work):
            os.mkdir(folder)
        run("mount", "-t", "overlay", "overlay", "-o",
            "lowerdir=%s,upperdir=%s,workdir=%s" % (bare, upper, work), self.root)
        self.addCleanup(run, "umount", "-l", self.root, check=False)
        # Another user's tree is no repository to git; what is not committed yet comes along.
        run("sh", "-c", 'mkdir "$1/root/ostler" && git -c safe.directory="*" -C "$0" ls-files -z | '
            'tar -C "$0" --null --files-from=- --ignore-failed-read -c | tar -C "$1/root/ostler" -x',
            SOURCE, self.root)

    def inside(self, command):
        environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                       "HOME": "/root", "LANG": "C"}
        done = subprocess.run(
            ["unshare", "--pid", "--mount", "--fork", "--kill-child",
             "--mount-proc=" + self.root + "/proc", "chroot", self.root, "sh", "-c",
             "cd /root/ostler && " + command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment,
            universal_newlines=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout[-8000:])
        return done.stdout

    def test_quickstart_installs_builds_and_serves(self):
        said = self.inside("sh packaging/quickstart.sh --check")
        self.assertIn("served the welcome page", said)
        version = self.inside("build/server/ostler -V")
        for line in ("features: tls redis markdown archives",
                     "modules: https cookie session cgi status static autoindex accesslog"):
            self.assertIn(line, version)
        parts = os.environ.get("OSTLER_FRESH_PARTS")
        if parts:
            print(self.inside("sh test/run.sh " + parts)[-3000:], file=sys.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
