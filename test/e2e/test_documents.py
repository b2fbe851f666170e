# test_documents.py - what the documents show is what the program does.
import glob
import os
import re
import unittest

import harness
from harness import SOURCE, run_ostler


def read(name):
    with open(os.path.join(SOURCE, name), encoding="utf-8") as f:
        return f.read()


def blocks(document, language):
    """The fenced blocks of a language in a Markdown document."""
    return re.findall(r"^```%s\n(.*?)^```$" % language, read(document), re.M | re.S)


class Documents(unittest.TestCase):
    def configuration(self, text):
        """A file with `text`, fit for this machine: whoever runs the tests may use it."""
        self.folder = harness.make_folder(self)
        path = os.path.join(self.folder, "ostler.conf")
        with open(path, "w", encoding="utf-8") as f:
            f.write(re.sub(r'user = "[^"]*";', "", text))
        return path

    def in_force(self, text):
        result = run_ostler("-T", "-c", self.configuration(text))
        self.assertEqual(result.returncode, 0, result.stderr)
        # An empty list is as good as none.
        return re.sub(r" *\w+ = \( \);\n", "", result.stdout.replace(self.folder, ""))

    def test_the_worked_example_is_the_one_that_is_compiled(self):
        shown = blocks("CONTRIBUTING.md", "cpp") + blocks("CONTRIBUTING.md", "python")
        for name in ("test/example/hello.h", "test/example/hello.cc", "test/example/hello_test.cc",
                     "test/e2e/test_hello.py"):
            with self.subTest(name):
                self.assertIn(read(name), shown)

    def test_links_lead_somewhere(self):
        for document in glob.glob(os.path.join(SOURCE, "*.md")):
            name = os.path.basename(document)
            for target in re.findall(r"\]\(([^)#]+)", read(name)):
                with self.subTest(document=name, target=target):
                    self.assertTrue(os.path.exists(os.path.join(SOURCE, target)))

    def test_the_first_commands_of_the_readme_exist(self):
        commands = re.findall(r"^sh (\S+)", blocks("README.md", "")[0], re.M)
        self.assertEqual(commands, ["packaging/quickstart.sh", "test/run.sh"])
        for command in commands:
            self.assertTrue(os.path.exists(os.path.join(SOURCE, command)))

    def test_configurations_in_the_readme_load(self):
        shown = blocks("README.md", "libconfig")
        self.assertTrue(shown)
        for text in shown:
            with self.subTest(text[:40]):
                self.in_force(text)

    def test_the_shipped_configuration_loads_without_a_complaint(self):
        path = self.configuration(read("etc/ostler.conf"))
        text = read("etc/ostler.conf").replace("/var/www/html", os.path.dirname(path))
        result = run_ostler("-t", "-c", self.configuration(text))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertNotRegex(result.stderr, "error:|warning:")

    def test_the_defaults_in_the_shipped_configuration_are_the_defaults(self):
        text = read("etc/ostler.conf")
        shown, count = re.subn(r"(?m)^( *)#(?=[a-z_]+(?: =|:))", r"\1", text)
        self.assertGreater(count, 30)
        self.assertEqual(self.in_force(text), self.in_force(shown))

    def test_the_shipped_configuration_shows_every_setting(self):
        text = read("etc/ostler.conf")
        in_force = self.in_force(text)
        for name in sorted(set(re.findall(r"(?m)^\s+([a-z_]+) *[=:]", in_force))):
            with self.subTest(name):
                self.assertTrue(re.search(r"\b%s *[=:]" % name, text), "not shown")

    def test_the_section_of_scripts_is_complete_and_shows_the_defaults(self):
        shown = re.search(r"(?m)^# cgi: \{\n(?:#.*\n)+?# \};\n", read("etc/ostler.conf")).group()
        shown = re.sub(r"(?m)^# ?", "", shown)
        settings = re.findall(r"(?m)^  (\w+) +", run_ostler("-m", "cgi").stdout)
        self.assertGreater(len(settings), 25)
        self.assertEqual(re.findall(r"(?m)^  (\w+)(?= =|:)", shown), settings)
        on = "modules: { cgi = true; };\n"
        self.assertEqual(self.in_force(on + shown), self.in_force(on + "cgi: {};\n"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
