"""session_stores.py - the stores that session_bench.py measures: filled, counted and broken."""

import hashlib
import http.client
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import time

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
DATA = {"basket": "7", "lang": "en", "name": "Ada Lovelace", "user": "ada", "visits": "12"}


def make_session(connection, fields):
    """Its id."""
    connection.request("GET", "/echo/", headers={"User-Agent": AGENT, **fields})
    answer = connection.getresponse()
    answer.read()
    return answer.headers["Set-Cookie"].split(";")[0].split("=", 1)[1]


class Sqlite:
    """Filled by rows of its own, which is quick enough for any number."""
    title = "SQLite"

    def __init__(self, work):
        self.path = f"{work}/state/sessions.db"
        self.url = "sqlite:" + self.path

    def fill(self, port, count):
        make_session(http.client.HTTPConnection("127.0.0.1", port), {"Echo-X-Session-Set": "a=1"})
        now = int(time.time())
        ids = [secrets.token_urlsafe(24) for _ in range(count)]
        data = "&".join(f"{k}={v.replace(' ', '%20')}" for k, v in DATA.items())
        rows = ((secrets.token_urlsafe(12), hashlib.sha256(i.encode()).digest(), now, now, now + 1800,
                 now + 86400, now + 1800, f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}", "10.0.0.1",
                 AGENT, data) for n, i in enumerate(ids))
        db = sqlite3.connect(self.path)
        with db:
            db.executemany("INSERT INTO session(handle,key,generation,created,seen,idle_until,ends,"
                           "expires,requests,origin,address,agent,data) "
                           "VALUES(?,?,1,?,?,?,?,?,1,?,?,?,?)", rows)
        db.close()
        return ids

    def changes(self):
        db = sqlite3.connect(self.path)
        (total,) = db.execute("SELECT sum(generation) FROM session").fetchone()
        db.close()
        return total

    def break_it(self, ask):
        """The file is locked, then broken, then gone; ask(stores) sends requests meanwhile."""
        db = sqlite3.connect(self.path, isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        ask(False)
        ask(True)
        db.execute("ROLLBACK")
        db.close()
        os.rename(self.path, self.path + ".old")
        with open(self.path, "wb") as f:
            f.write(b"garbage\n" * 10_000)
        ask(True)
        for name in ("", "-wal", "-shm"):
            if os.path.exists(self.path + name):
                os.unlink(self.path + name)
        ask(True)

    def stop(self):
        pass


class Redis:
    """A redis-server of its own, filled through ostler."""
    title = "Redis"

    def __init__(self, work):
        self.folder = work
        self.socket = f"{work}/redis.sock"
        self.url = "redis:unix:" + self.socket
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [shutil.which("redis-server"), "--port", "0", "--unixsocket", self.socket, "--unixsocketperm",
             "777", "--save", "", "--appendonly", "no", "--dir", self.folder],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not self.says(b"PING\r\n").startswith(b"+PONG"):
            time.sleep(0.05)

    def says(self, command):
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(self.socket)
                s.sendall(command)
                return s.recv(65536)
        except OSError:
            return b""

    def fill(self, port, count):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        fields = {"Echo-X-Session-Set": "&".join(f"{k}={v.replace(' ', '%20')}" for k, v in DATA.items())}
        return [make_session(connection, fields) for _ in range(count)]

    def changes(self):
        return None  # counted by nobody

    def break_it(self, ask):
        """The server is stopped (SIGSTOP), goes on, is killed, and comes back empty."""
        self.process.send_signal(signal.SIGSTOP)
        ask(False)
        ask(True)
        self.process.send_signal(signal.SIGCONT)
        ask(True)
        self.process.kill()
        self.process.wait()
        ask(True)
        self.start()
        ask(True)

    def stop(self):
        self.process.kill()
        self.process.wait()


STORES = {"sqlite": Sqlite, "redis": Redis}
