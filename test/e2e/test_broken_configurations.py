# test_broken_configurations.py - every message about a broken configuration, compared whole.
#
# One row is test/data/broken/NAME.conf; NAME.expected beside it is what `ostler -tq` says, with
# @DIR@ for that folder.
# OSTLER_WRITE_EXPECTED=1 writes those files anew: read what changed before it is kept.
import glob
import os
import subprocess
import unittest

import harness

FOLDER = os.path.join(harness.SOURCE, "test", "data", "broken")
CONFIG = 78


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Broken(unittest.TestCase):
    maxDiff = None

    def test_every_message_is_what_it_should_be(self):
        rows = sorted(glob.glob(os.path.join(FOLDER, "*.conf")))
        self.assertGreater(len(rows), 60)
        for path in rows:
            name = os.path.basename(path)
            with self.subTest(name):
                done = subprocess.run([harness.BINARY, "-tq", "-c", name], cwd=FOLDER,
                                      capture_output=True, text=True, encoding="utf-8",
                                      timeout=harness.TIMEOUT, check=False)
                self.assertNotRegex(done.stderr, harness.BROKEN)
                said = done.stderr.replace(FOLDER, "@DIR@")
                expected = path[:-len(".conf")] + ".expected"
                if os.environ.get("OSTLER_WRITE_EXPECTED"):
                    with open(expected, "w", encoding="utf-8") as file:
                        file.write(said)
                self.assertEqual((done.returncode, done.stdout, said),
                                 (CONFIG, "", read(expected)))

    def test_nothing_is_expected_of_a_configuration_that_is_not_there(self):
        for path in glob.glob(os.path.join(FOLDER, "*.expected")):
            self.assertTrue(os.path.exists(path[:-len(".expected")] + ".conf"), path)


if __name__ == "__main__":
    unittest.main(verbosity=2)
