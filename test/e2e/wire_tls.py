# wire_tls.py - TLS under wire.Connection: a socket that tells every way of ending apart.
#
# Python's own wrapper takes a FIN for close_notify and cannot close one direction only; over
# memory buffers OpenSSL's own answers can be seen.
import functools
import os
import socket
import ssl
import subprocess
import tempfile
import threading


class Certificate:
    """A certificate that signs itself, in a folder that lives as long as this object."""

    def __init__(self, names=("localhost",), key=("ec", "-pkeyopt", "ec_paramgen_curve:P-256")):
        self._folder = tempfile.TemporaryDirectory(prefix="ostler-test-cert-")
        os.chmod(self._folder.name, 0o755)
        self.certificate = os.path.join(self._folder.name, "cert.pem")
        self.key = os.path.join(self._folder.name, "key.pem")
        names = ",".join("DNS:" + n for n in names) + ",IP:127.0.0.1"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", key[0], *key[1:], "-nodes", "-days", "30",
             "-subj", "/CN=localhost", "-addext", "subjectAltName=" + names,
             "-keyout", self.key, "-out", self.certificate],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    @property
    def group(self):
        """The group `tls` of a configuration."""
        return 'tls: { certificate = "%s"; key = "%s"; };\n' % (self.certificate, self.key)

    @functools.cached_property
    def context(self):
        """What a client that trusts it needs."""
        return ssl.create_default_context(cafile=self.certificate)


def any_context():
    """A client's that believes every certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class TlsSocket:
    """Like a connected socket, once the handshake is made; `raw` is the one below.

    recv() returns b"" for close_notify only; a FIN without it raises ConnectionResetError.  One
    thread may send while another receives."""

    def __init__(self, raw, context, name="localhost", session=None):
        self.raw = raw
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._lock = threading.Lock()     # of OpenSSL's object and its buffers
        self._sending = threading.Lock()  # records leave in their order
        self.tls = context.wrap_bio(self._in, self._out, server_hostname=name, session=session)
        self._call(self.tls.do_handshake)

    def _flush(self):
        # Whoever is sending already sends this, too: a receiver must not wait for a sender.
        while self._out.pending and self._sending.acquire(blocking=False):
            try:
                with self._lock:
                    data = self._out.read()
                self.raw.sendall(data)
            finally:
                self._sending.release()

    def _call(self, what, *args):
        while True:
            try:
                with self._lock:
                    result = what(*args)
                self._flush()
                return result
            except ssl.SSLWantReadError:
                self._flush()
                data = self.raw.recv(1 << 16)
                with self._lock:
                    if data:
                        self._in.write(data)
                    else:
                        self._in.write_eof()
            except ssl.SSLEOFError:
                raise ConnectionResetError("FIN without close_notify") from None

    def recv(self, size):
        try:
            return self._call(self.tls.read, size)
        except ssl.SSLZeroReturnError:
            return b""

    def sendall(self, data):
        for at in range(0, len(data), 1 << 20):
            self._call(self.tls.write, data[at:at + (1 << 20)])

    def shutdown(self, how):
        """close_notify, then FIN; the other direction stays open."""
        assert how == socket.SHUT_WR
        try:
            self.tls.unwrap()
        except ssl.SSLError:
            pass  # that the peer has not said it, too
        self._flush()
        self.raw.shutdown(how)

    def __getattr__(self, name):
        return getattr(self.raw, name)  # settimeout, setsockopt, close, fileno
