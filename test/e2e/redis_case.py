# redis_case.py - what the tests with Redis share: a redis-server of the test's own, and somebody
# in the middle who spoils what it says.
import os
import shutil
import signal
import socket
import subprocess
import threading

import harness

REDIS = shutil.which("redis-server")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


class Redis:
    """A redis-server on a Unix socket; `options` are more of its settings."""

    def __init__(self, test, *options):
        self.folder = harness.make_folder(test)
        self.path = os.path.join(self.folder, "redis.sock")
        self.options = options
        self.process = None
        test.addCleanup(self.stop)
        self.start()

    @property
    def url(self):
        return "redis:unix:" + self.path

    def start(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.process = subprocess.Popen(
            [REDIS, "--port", "0", "--unixsocket", self.path, "--save", "", "--appendonly", "no",
             "--dir", self.folder, *self.options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def answers():
            if self.process.poll() is not None:
                raise AssertionError("redis-server ended with status %d" % self.process.returncode)
            try:
                with socket.socket(socket.AF_UNIX) as s:
                    s.connect(self.path)
                    return True
            except OSError:
                return False
        harness.wait_until(answers, "redis-server listens")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        if self.process:
            self.process.wait()

    def signal(self, number):
        self.process.send_signal(number)

    def cli(self, *words):
        return subprocess.run(["redis-cli", "-s", self.path, "--no-auth-warning", *words],
                              stdout=subprocess.PIPE, check=True, text=True, timeout=60).stdout


class Spoiler:
    """A TCP port in front of a Redis.  `mode` says what becomes of its answers:

    pass     they are passed on
    garbage  something else comes instead
    half     one half comes, and nothing more
    cut      one half comes, then the end
    twice    each comes twice, so that later ones would answer other questions
    hold     they wait until the mode changes
    huge     one comes that has no end
    """

    def __init__(self, test, redis):
        self.redis = redis
        self.changed = threading.Condition()
        self._mode = "pass"
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.sockets = []
        test.addCleanup(self.close)
        harness.in_background(self._accept)

    @property
    def url(self):
        return "redis://127.0.0.1:%d" % self.listener.getsockname()[1]

    @property
    def mode(self):
        return self._mode

    @mode.setter
    def mode(self, mode):
        with self.changed:
            self._mode = mode
            self.changed.notify_all()

    def close(self):
        self.mode = "pass"
        for s in [self.listener, *self.sockets]:
            s.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self.redis.path)
            except OSError:
                return
            self.sockets += [client, server]
            harness.in_background(self._pump, client, server, False)
            harness.in_background(self._pump, server, client, True)

    def _pump(self, source, target, spoil):
        try:
            while data := source.recv(65536):
                if spoil:
                    self._answer(target, data)
                else:
                    target.sendall(data)
        except OSError:
            pass
        for s in (source, target):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _answer(self, target, data):
        mode = self.mode
        if mode == "garbage":
            data = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        elif mode == "twice":
            data += data
        elif mode in ("half", "cut"):
            target.sendall(data[:len(data) // 2])
            if mode == "cut":
                raise OSError
            with self.changed:
                self.changed.wait_for(lambda: self._mode != "half", 60)
            raise OSError
        elif mode == "hold":
            with self.changed:
                self.changed.wait_for(lambda: self._mode != "hold", 60)
        elif mode == "huge":
            target.sendall(b"$900000000\r\n")
            for _ in range(200):
                target.sendall(b"x" * 65536)
        target.sendall(data)
