# test_install.py - what cmake installs and cpack packs runs from wherever it is put, and what it
# brings along is well-formed.
#
# OSTLER_BUILD names a finished build folder; build-test/plain unless given.
import glob
import os
import plistlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("OSTLER_BUILD") or os.path.join(SOURCE, "build-test", "plain")
OSTLER = os.path.join(BUILD, "server", "ostler")
PACKAGING = os.path.join(SOURCE, "packaging")

sys.path.insert(0, os.path.join(SOURCE, "test", "e2e"))
from wire import Connection  # noqa: E402


def run(*words, check=True, **options):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, universal_newlines=True, check=False, **options)
    if check and done.returncode != 0:
        raise AssertionError("%s: status %d\n%s%s" % (" ".join(words), done.returncode,
                                                      done.stdout, done.stderr))
    return done


def read(*names):
    with open(os.path.join(*names), encoding="utf-8") as f:
        return f.read()


def prefix():
    return re.search(r"(?m)^CMAKE_INSTALL_PREFIX:PATH=(.*)$",
                     read(BUILD, "CMakeCache.txt")).group(1)


def needs(*programs):
    missing = [p for p in programs if not shutil.which(p)]
    return unittest.skipIf(missing, "not here: " + ", ".join(missing))


@unittest.skipUnless(os.path.exists(OSTLER), "no finished build in " + BUILD)
class Case(unittest.TestCase):
    def setUp(self):
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="ostler-test-"))
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.folder, *names)


class Installed(Case):
    def install(self):
        return run("cmake", "--install", BUILD,
                   env=dict(os.environ, DESTDIR=self.path("d"))).stdout

    def serve(self, top):
        """The server as it was put below `top`, with the configuration that came along: its paths
        moved there, another port, and whoever runs the tests as its user."""
        conf = os.path.join(top, "etc/ostler/ostler.conf")
        text = read(conf).replace(prefix() + "/", top + "/")
        text = re.sub(r'user = "[^"]*";', "", text).replace(
            "port = 80;", 'address = "127.0.0.1"; port = 0;')
        with open(conf, "w", encoding="utf-8") as f:
            f.write(text)
        script = os.path.join(top, "lib/cgi-bin/hello")
        with open(script, "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nhello\\n'\n")
        os.chmod(script, 0o755)
        ostler = os.path.join(top, "bin/ostler")
        run(ostler, "-t", "-c", conf)
        run(ostler, "-c", conf, env={k: v for k, v in os.environ.items()
                                     if k not in ("NOTIFY_SOCKET", "INVOCATION_ID")})
        try:
            log = read(top, "var/log/ostler/error.log")
            port = int(re.search(r"listening on 127.0.0.1:(\d+)", log).group(1))
            with Connection(("127.0.0.1", port)) as c:
                self.assertIn("ostler", c.exchange("GET", "/").text)
                self.assertEqual(c.exchange("GET", "/cgi-bin/hello").text, "hello\n")
        finally:
            run(ostler, "-s", "stop", "-c", conf)

    def test_what_was_installed_runs_from_another_place(self):
        self.install()
        self.serve(self.path("d" + prefix()))

    def test_a_changed_configuration_and_page_are_kept(self):
        self.install()
        top = self.path("d" + prefix())
        for name in ("etc/ostler/ostler.conf", "var/www/html/index.html"):
            with open(os.path.join(top, name), "w", encoding="utf-8") as f:
                f.write("mine\n")
        self.install()
        for name in ("etc/ostler/ostler.conf", "var/www/html/index.html"):
            self.assertEqual(read(top, name), "mine\n")

    def test_an_archive_runs_from_where_it_was_unpacked(self):
        run("cpack", "-G", "TGZ", "-B", self.path("out"), cwd=BUILD)
        archive, = glob.glob(self.path("out", "ostler-*.tar.gz"))
        with tarfile.open(archive) as tar:
            names = tar.getnames()
            self.assertEqual([n for n in names if n.startswith("/") or ".." in n], [])
            tar.extractall(self.folder)
        top = self.path(os.path.basename(archive)[:-len(".tar.gz")])
        self.serve(top)

    def test_the_installed_configuration_differs_only_in_what_it_must(self):
        self.install()
        here = read(SOURCE, "etc/ostler.conf").splitlines()
        there = read(self.path("d" + prefix()), "etc/ostler/ostler.conf").splitlines()
        changed = [b.split("=")[0].strip() for a, b in zip(here, there) if a != b]
        self.assertEqual(changed, ["user", "pid_file", "error_log", "root", "file"])
        self.assertEqual(there[len(here):][1], "# Scripts, for every host.")


class ManualPages(Case):
    pages = [os.path.join(BUILD, "packaging", name) for name in ("ostler.8", "ostler.conf.5")]

    @needs("mandoc")
    def test_mandoc_has_nothing_to_say(self):
        for page in self.pages:
            done = run("mandoc", "-T", "lint", "-W", "warning", page, check=False)
            self.assertEqual(done.stdout + done.stderr, "")

    @needs("man", "groff")
    def test_groff_has_nothing_to_say(self):
        for page in self.pages:
            done = run("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page,
                       env=dict(os.environ, LC_ALL="C.UTF-8", MANROFFSEQ=""))
            self.assertEqual(done.stderr, "")

    def test_every_setting_and_option_is_there(self):
        plain = re.sub(r"\\f[BIR]", "", read(self.pages[1])).replace("\\-", "-")
        table = run(OSTLER, "-m").stdout
        for group in re.findall(r"(?m)^  ([a-z_0-9]+) ", table):
            self.assertIn("\n.SS %s\n" % group, plain)
            for key in re.findall(r"(?m)^  +([a-z_]+)  ", run(OSTLER, "-m", group).stdout):
                self.assertRegex(plain, r"(?m)^%s \(" % key)
        plain = re.sub(r"\\f[BIR]", "", read(self.pages[0])).replace("\\-", "-")
        for option in re.findall(r"(?<![\w-])--?[A-Za-z][a-z-]*", run(OSTLER, "-h").stdout):
            self.assertIn(option, plain)


class Completion(Case):
    """What is offered is what `ostler -h` and -m list."""

    def setUp(self):
        super().setUp()
        self.env = dict(os.environ, PATH=os.path.dirname(OSTLER) + ":" + os.environ["PATH"])
        self.help = run(OSTLER, "-h").stdout
        self.expected = {
            "ostler ": set(re.findall(r"(?m)^  ostler ([a-z]+)", self.help)),
            "ostler -": set(re.findall(r"(?<![\w-])--?[A-Za-z][A-Za-z-]*", self.help)),
            "ostler -m ": set(re.findall(r"(?m)^  ([a-z_0-9]+)  ", run(OSTLER, "-m").stdout)),
            "ostler cgi ": {"run"},
        }
        signals = re.search(r"ostler -s SIGNAL +(.*)", self.help).group(1)
        self.expected["ostler -s "] = set(re.findall(r"[a-z]+", signals)) - {"or"}

    @needs("bash")
    def test_bash(self):
        script = ('. "$0"; COMP_WORDS=($1); [[ $1 != *" " ]] || COMP_WORDS+=(""); '
                  'COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); compopt() { :; }; '
                  '_ostler ostler "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        for line, expected in self.expected.items():
            with self.subTest(line):
                done = run("bash", "-c", script, PACKAGING + "/completions/ostler.bash", line,
                           env=self.env)
                self.assertEqual(set(done.stdout.split()), expected)

    @needs("fish")
    def test_fish(self):
        for line, expected in self.expected.items():
            with self.subTest(line):
                done = run("fish", "--no-config", "-c", "source %s/completions/ostler.fish; "
                           "complete -C '%s'" % (PACKAGING, line),
                           env=dict(self.env, HOME=self.folder))
                self.assertEqual({x.split("\t")[0] for x in done.stdout.split("\n") if x}, expected)

    @needs("zsh")
    def test_zsh(self):
        # Without a terminal only the function itself can be tried: compadd says what it was given.
        script = ('compadd() { [[ $1 == -a ]] && print -rl -- ${(P)2} || print -rl -- $@ }; '
                  '_files() { :; }; words=(${=1}); [[ $1 != *" " ]] || words+=(""); '
                  'CURRENT=$#words; source $2')
        for line, expected in self.expected.items():
            with self.subTest(line):
                done = run("zsh", "-f", "-c", script, "zsh", line,
                           PACKAGING + "/completions/_ostler", env=self.env)
                self.assertEqual(set(done.stdout.split()), expected)


class Services(Case):
    services = os.path.join(BUILD, "packaging", "services")

    def test_the_plist_is_one(self):
        with open(self.services + "/launchd/org.ostler.server.plist", "rb") as f:
            job = plistlib.load(f)
        self.assertEqual(job["ProgramArguments"], [
            prefix() + "/bin/ostler", "-D", "-c", prefix() + "/etc/ostler/ostler.conf"])
        self.assertTrue(job["RunAtLoad"])

    @needs("xmllint")
    def test_the_plist_is_xml(self):
        run("xmllint", "--noout", "--nonet", self.services + "/launchd/org.ostler.server.plist")

    def test_shell_scripts_parse(self):
        scripts = glob.glob(PACKAGING + "/*.sh") + glob.glob(PACKAGING + "/homebrew/*.sh")
        scripts += glob.glob(PACKAGING + "/debian/ostler.p*") + [
            PACKAGING + "/debian/tests/serves", self.services + "/freebsd/ostler"]
        for script in scripts:
            run("sh", "-n", script)

    def test_the_rc_script_asks_the_right_program(self):
        """Run with an rc.subr that only does what it is told."""
        rc = read(self.services, "freebsd/ostler").replace("/etc/rc.subr", self.path("rc.subr"))
        rc = rc.replace(prefix() + "/bin/ostler", '"echo ostler"')
        with open(self.path("rc.subr"), "w", encoding="utf-8") as f:
            f.write('load_rc_config() { :; }\nrun_rc_command() { eval "\\${$1_cmd}"; }\n')
        with open(self.path("ostler"), "w", encoding="utf-8") as f:
            f.write(rc)
        conf = prefix() + "/etc/ostler/ostler.conf"
        for command in ("reload", "stop", "status", "reopen", "upgrade"):
            self.assertEqual(run("sh", self.path("ostler"), command).stdout,
                             "ostler -s %s -c %s\n" % (command, conf))

    @needs("ruby")
    def test_the_formula_is_ruby_with_options_that_exist(self):
        formula = PACKAGING + "/homebrew/ostler.rb"
        run("ruby", "-c", formula)
        archive = self.path("ostler.tar.gz")
        with open(archive, "w", encoding="utf-8") as f:
            f.write("x")
        done = run("sh", PACKAGING + "/homebrew/release.sh", "https://example.org",
                   "https://example.org/ostler.tar.gz", archive)
        with open(self.path("release.rb"), "w", encoding="utf-8") as f:
            f.write(done.stdout)
        run("ruby", "-c", self.path("release.rb"))
        self.assertIn('sha256 "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"',
                      done.stdout)
        known = set(re.findall(r"(?m)^([A-Z_a-z]+):[A-Z]+=", read(BUILD, "CMakeCache.txt")))
        for file in (formula, PACKAGING + "/debian/rules"):
            for option in re.findall(r"-D([A-Z_]+)=", read(file)):
                self.assertIn(option, known | {"CMAKE_INSTALL_SYSCONFDIR"})

    def test_what_debian_and_homebrew_build_with_is_what_is_needed(self):
        script = read(PACKAGING, "install-deps.sh")
        lists = re.findall(r"\n    build\) echo ((?:[^\n]*\\\n)*[^\n]*);;", script)
        debian = set(re.findall(r"lib\S+-dev", lists[0]))
        declared = set(re.findall(r"lib\S+-dev", read(PACKAGING, "debian/control")))
        self.assertEqual(debian - declared, set())
        brew = set(lists[1].replace("\\", " ").split()) - {
            "cmake", "ninja", "pkgconf", "doctest", "ccache"}
        declared = set(re.findall(r'(?m)^  depends_on "([^"]+)"$|^  depends_on "([^"]+)" #',
                                  read(PACKAGING, "homebrew/ostler.rb")))
        self.assertEqual(brew - {a or b for a, b in declared}, set())


if __name__ == "__main__":
    unittest.main(verbosity=2)
