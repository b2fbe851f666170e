# machine.py - Debian 12 in a folder: made once, copied for each test, booted or only entered.
#
# make_root() makes a minimal Debian with what ostler depends on, kept in OSTLER_PACKAGE_OUT (run.sh
# says where).  Machine boots a copy of it with systemd as its first process (systemd-nspawn); Chroot
# only enters one, as in a container without an init.  Both have a network of their own with
# nothing but a loopback, so port 80 is free whatever runs here.
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
OUT = os.environ.get("OSTLER_PACKAGE_OUT") or os.path.join(SOURCE, "build-test", "package")
NEW, OLD = (os.path.join(OUT, name) for name in ("new", "old"))
PATIENCE = 60

# Beside what ostler itself depends on: what the tests run inside.
INSIDE = ("systemd-sysv dbus curl logrotate php-cgi python3-minimal libpython3-stdlib procps "
          "ca-certificates")


def run(*words, check=True, **options):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, universal_newlines=True, check=False, **options)
    if check and done.returncode != 0:
        raise AssertionError("%s: status %d\n%s" % (" ".join(words), done.returncode, done.stdout))
    return done


def package(folder):
    """The one .deb in a folder that is no debug symbols."""
    return next(p for p in glob.glob(folder + "/ostler_*.deb"))


def mirror():
    """Where this machine gets Debian from, as it is set up now."""
    found = run("apt-get", "indextargets", "--format", "$(ORIGIN) $(CODENAME) $(REPO_URI)").stdout
    for line in found.splitlines():
        words = line.split()
        if len(words) == 3 and words[0] == "Debian" and words[1] == "bookworm":
            return words[2]
    return "http://deb.debian.org/debian/"


def lend_network(root):
    """The resolver, the sources of Debian and the proxy of this machine, while `root` is made."""
    shutil.copy("/etc/resolv.conf", root + "/etc/resolv.conf")
    for pattern in ("sources.list", "sources.list.d/debian*", "apt.conf.d/*proxy*",
                    "apt.conf.d/*Check*", "apt.conf.d/*check*"):
        for file in glob.glob("/etc/apt/" + pattern):
            shutil.copy(file, os.path.join(root, file.lstrip("/")))


def make_bare():
    """The folder of a Debian that is just installed and can install more; made on the first call."""
    root, stamp = os.path.join(OUT, "bare"), os.path.join(OUT, "bare.stamp")
    if os.path.exists(stamp):
        return root
    os.makedirs(OUT, exist_ok=True)
    print("making a Debian 12 in %s" % root, file=sys.stderr, flush=True)
    shutil.rmtree(root, ignore_errors=True)
    run("debootstrap", "--variant=minbase", "bookworm", root, mirror())
    lend_network(root)
    # The installer writes these, debootstrap does not.
    with open(root + "/etc/hostname", "w", encoding="utf-8") as f:
        f.write("machine\n")
    with open(root + "/etc/hosts", "w", encoding="utf-8") as f:
        f.write("127.0.0.1 localhost\n::1 localhost\n")
    with open(stamp, "w", encoding="utf-8"):
        pass
    return root


def make_root():
    """The folder of a Debian with everything but ostler; made on the first call."""
    depends = run("dpkg-deb", "-f", package(NEW), "Depends").stdout
    wanted = INSIDE + "\n" + depends
    root, stamp = os.path.join(OUT, "root"), os.path.join(OUT, "root.stamp")
    if os.path.isdir(root) and os.path.exists(stamp):
        with open(stamp, encoding="utf-8") as f:
            if f.read() == wanted:
                return root
    print("making a Debian 12 in %s" % root, file=sys.stderr, flush=True)
    shutil.rmtree(root, ignore_errors=True)
    run("cp", "-a", make_bare(), root)
    names = [x.split("|")[0].split("(")[0].strip() for x in depends.split(",")]
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    run("chroot", root, "apt-get", "update", "-q", env=environment)
    run("chroot", root, "apt-get", "install", "-y", "-q", "--no-install-recommends",
        *INSIDE.split(), *names, env=environment)
    with open(stamp, "w", encoding="utf-8") as f:
        f.write(wanted)
    return root


class Chroot:
    """A copy of the root, entered: its first process only waits."""
    END = signal.SIGKILL  # unshare --fork ignores SIGTERM, and takes its child along

    def __init__(self):
        self.process = None
        self.first = None
        # Not below /tmp: a machine mounts that anew.
        lower = make_root()
        self.folder = tempfile.mkdtemp(prefix="machine-", dir=OUT)
        self.root, upper, work = (os.path.join(self.folder, x) for x in ("root", "upper", "work"))
        for folder in (self.root, upper, work):
            os.mkdir(folder)
        # What is written goes beside the root that all of them share.
        run("mount", "-t", "overlay", "overlay", "-o",
            "lowerdir=%s,upperdir=%s,workdir=%s" % (lower, upper, work), self.root)
        for name, folder in (("old", OLD), ("new", NEW)):
            shutil.copy(package(folder), os.path.join(self.root, "root", name + ".deb"))
        try:
            self.begin()
        except BaseException:
            self.end()
            raise

    def begin(self):
        self.process = subprocess.Popen(
            ["unshare", "--net", "--pid", "--mount", "--fork", "--kill-child",
             "--mount-proc=" + self.root + "/proc", "chroot", self.root, "sleep", "infinity"],
            stdin=subprocess.DEVNULL, start_new_session=True)
        self.first = self.child()
        wait_until(lambda: self.run("test -e /proc/1/status", check=False).returncode == 0, "proc")
        self.net("ip", "link", "set", "lo", "up")

    def child(self):
        path = "/proc/%d/task/%d/children" % (self.process.pid, self.process.pid)

        def children():
            with open(path, encoding="ascii") as f:
                return f.read().split()
        wait_until(children, "the first process")
        return int(children()[0])

    def end(self):
        if self.process:
            self.process.send_signal(self.END)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        run("umount", "-l", self.root, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- inside ----------------------------------------------------------------------

    def run(self, command, check=True):
        """A shell command inside; the result has returncode and stdout (with stderr)."""
        environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                       "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8", "HOME": "/root"}
        return run("nsenter", "-t", str(self.first), "-m", "-u", "-i", "-n", "-p", "-r", "-w",
                   "sh", "-c", command, check=check, env=environment)

    def text(self, command):
        return self.run(command).stdout.strip()

    def net(self, *words, check=True):
        """A program of this machine, on that network."""
        return run("nsenter", "-t", str(self.first), "-n", *words, check=check)

    def put(self, name, text, mode=0o644):
        path = self.root + name
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, mode)

    def read(self, name):
        with open(self.root + name, encoding="utf-8", errors="replace") as f:
            return f.read()

    def install(self, name, check=True):
        return self.run("apt-get install -y -q -o Dpkg::Options::=--force-confold --allow-downgrades "
                        "/root/%s.deb" % name, check=check)

    def get(self, path, check=True):
        return self.run("curl -sS -f --max-time 20 'http://localhost%s'" % path, check=check).stdout

    def files(self):
        """Everything that is there but what the system notes about packages and itself."""
        skipped = r"^/(proc|sys|dev|run|tmp|root)/|^/var/(cache|lib/(dpkg|apt|systemd|dbus))/|" \
                  r"^/var/log/(apt|journal|dpkg.log|alternatives.log|wtmp|btmp|lastlog)|" \
                  r"^/etc/(machine-id|resolv.conf|\.updated|\.pwd\.lock)|^/var/\.updated"
        found = self.text("find / -xdev | grep -Ev '%s' | sort" % skipped.replace("\\.", "[.]"))
        return set(found.splitlines())


class Machine(Chroot):
    """A copy of the root, booted."""
    END = signal.SIGTERM

    def begin(self):
        with open(os.path.join(self.folder, "console"), "wb") as console:
            self.process = subprocess.Popen(
                ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network",
                 "--directory=" + self.root, "--boot"],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True)
        wait_until(self.is_up, "systemd to be up")

    def is_up(self):
        if self.process.poll() is not None:
            raise AssertionError("the machine ended:\n" + self.console())
        self.first = self.child()  # not the same at once: the first child only makes the second
        return self.run("systemctl is-system-running", check=False).stdout.strip() in (
            "running", "degraded")

    def console(self):
        with open(os.path.join(self.folder, "console"), encoding="utf-8", errors="replace") as f:
            return f.read()[-3000:]

    def property(self, name, unit="ostler.service"):
        return self.text("systemctl show -P %s %s" % (name, unit))


class Load:
    """Requests without a pause, on kept and on new connections, until result() is asked for."""

    def __init__(self, machine, path="/load.html"):
        self.process = subprocess.Popen(
            ["nsenter", "-t", str(machine.first), "-n", sys.executable,
             os.path.join(HERE, "load.py"), path],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, universal_newlines=True)
        self.process.stdout.readline()  # it has begun

    def result(self):
        """{"requests": 812, "wrong": []}"""
        out, _ = self.process.communicate("", timeout=PATIENCE)
        return json.loads(out)


def wait_until(condition, what, timeout=PATIENCE, pause=0.1):
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("waited %d s in vain for %s" % (timeout, what))
        time.sleep(pause)


def why_no_debian():
    """Why no Debian can be made and entered here; empty when one can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "needs Linux and root"
    missing = [x for x in ("debootstrap", "systemd-nspawn", "dpkg-deb", "unshare", "ip")
               if not shutil.which(x)]
    return "not here: " + ", ".join(missing) if missing else ""


def why_not():
    """Why the packages cannot be tried; empty when they can."""
    if why_no_debian():
        return why_no_debian()
    if not glob.glob(NEW + "/ostler_*.deb") or not glob.glob(OLD + "/ostler_*.deb"):
        return "no packages in %s: sh test/package/run.sh makes them" % OUT
    return ""


