# tls_case.py - an authority of the test's own, and questions asked with openssl s_client.
import atexit
import os
import re
import shutil
import subprocess
import tempfile

import harness


def openssl(*args, data=b"", timeout=harness.TIMEOUT):
    """Runs openssl; its standard output.  Fails with what it said on standard error."""
    result = subprocess.run(["openssl", *args], input=data, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, timeout=timeout, check=False)
    if result.returncode != 0:
        raise AssertionError("openssl %s: %s" % (" ".join(args), result.stderr.decode()))
    return result.stdout


class Pair:
    """A certificate (with its issuers behind it) and its key, as bytes."""

    def __init__(self, certificate, key, subject):
        self.certificate, self.key, self.subject = certificate, key, subject


class Authority:
    """Signs certificates; `ca` is the file with its own."""

    KEYS = {"ec": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
            "rsa": ["-newkey", "rsa:2048"]}

    def __init__(self, name="Test Authority"):
        self._folder = tempfile.mkdtemp(prefix="ostler-test-ca-")
        atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
        os.chmod(self._folder, 0o755)
        self.ca = self._path("ca.pem")
        openssl("req", "-x509", *self.KEYS["ec"], "-nodes", "-days", "30", "-subj", "/CN=" + name,
                "-addext", "basicConstraints=critical,CA:TRUE", "-keyout", self._path("ca.key"),
                "-out", self.ca)

    def _path(self, name):
        return os.path.join(self._folder, name)

    def pair(self, subject, names=None, key="ec", days=30, client=False):
        """`names` like "DNS:a.example,IP:127.0.0.1"; the subject as a host name by default."""
        extensions = self._path("extensions")
        with open(extensions, "w", encoding="utf-8") as f:
            f.write("extendedKeyUsage=clientAuth\n" if client else
                    "subjectAltName=%s\n" % (names or "DNS:" + subject))
        openssl("req", *self.KEYS[key], "-nodes", "-subj", "/CN=" + subject, "-keyout",
                self._path("new.key"), "-out", self._path("new.csr"))
        openssl("x509", "-req", "-in", self._path("new.csr"), "-CA", self.ca, "-CAkey",
                self._path("ca.key"), "-CAcreateserial", "-days", str(days), "-extfile", extensions,
                "-out", self._path("new.pem"))
        with open(self._path("new.pem"), "rb") as c, open(self.ca, "rb") as ca, \
                open(self._path("new.key"), "rb") as k:
            return Pair(c.read() + ca.read(), k.read(), subject)

    def ocsp(self, pair, days=7):
        """A response that says that the pair's certificate is good."""
        with open(self._path("leaf.pem"), "wb") as f:
            f.write(pair.certificate)
        number = openssl("x509", "-in", self._path("leaf.pem"), "-noout", "-serial").decode()
        with open(self._path("index"), "w", encoding="ascii") as f:
            f.write("V\t401231235959Z\t\t%s\tunknown\t/CN=%s\n" % (
                number.strip().split("=")[1], pair.subject))
        openssl("ocsp", "-index", self._path("index"), "-CA", self.ca, "-rsigner", self.ca,
                "-rkey", self._path("ca.key"), "-issuer", self.ca, "-cert", self._path("leaf.pem"),
                "-ndays", str(days), "-respout", self._path("response"), "-noverify")
        with open(self._path("response"), "rb") as f:
            return f.read()


def s_client(server, *args, name="a.example", index=0, request=b""):
    """What openssl s_client says about one connection, both outputs together."""
    host, port = server.addresses[index]
    sni = ["-servername", name] if name else ["-noservername"]
    result = subprocess.run(["openssl", "s_client", "-connect", "%s:%d" % (host, port), *sni, *args],
                            input=request, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            timeout=harness.TIMEOUT, check=False)
    return result.stdout.decode("utf-8", "replace")


def subject(server, *args, **options):
    """Common name of the certificate that is shown; None when there is no connection."""
    found = re.search(r"^subject=CN = (.*)$", s_client(server, *args, **options), re.M)
    return found.group(1) if found else None


def install(server, name, pair):
    """Puts NAME.pem and NAME.key in place as an ACME client does: written beside, then renamed."""
    for suffix, content in ((".pem", pair.certificate), (".key", pair.key)):
        path = server.write(name + suffix + ".new", content)
        os.chmod(path, 0o600)
        os.rename(path, server.path(name + suffix))


def visit(server, version, session, save=False, name="a.example"):
    """True when the session in the file was continued; `save` makes the file."""
    # The request makes s_client wait for the answer, and with it for the tickets of TLS 1.3.
    request = "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % name
    said = s_client(server, version, "-ign_eof", "-sess_out" if save else "-sess_in", session,
                    name=name, request=request.encode())
    if "HTTP/1.1 200 OK" not in said:
        raise AssertionError("no answer: " + said)
    return "Reused, " in said


class Visitor:
    """For a test case with a `server`: a client that comes back with the session it was given."""

    def visit(self, *args, **options):
        return visit(self.server, *args, **options)

    def session_file(self):
        return os.path.join(harness.make_folder(self), "session")


class TlsCase(harness.TestCase):
    """LISTEN and PAIRS stand for themselves; every server scope has PAIRS["server"]."""

    LISTEN = 'listen = ( { address = "127.0.0.1"; port = 0; tls = true; } );\n'

    @classmethod
    def setUpClass(cls):
        cls.authority = Authority()
        cls.FILES = dict(cls.FILES)
        for name, pair in cls.make_pairs(cls.authority).items():
            cls.FILES[name + ".pem"] = pair.certificate
            cls.FILES[name + ".key"] = pair.key
        super().setUpClass()

    @classmethod
    def make_pairs(cls, authority):
        return {"server": authority.pair("server.example")}

    def curl(self, host, path="/", *args, index=0):
        """Exit status and body of curl, which trusts the authority."""
        port = self.server.addresses[index][1]
        result = subprocess.run(
            ["curl", "-sS", "--max-time", "20", "--cacert", self.authority.ca, "--resolve",
             "%s:%d:127.0.0.1" % (host, port), *args, "https://%s:%d%s" % (host, port, path)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        return result.returncode, result.stdout.decode(), result.stderr.decode()
