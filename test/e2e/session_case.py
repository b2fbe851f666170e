# session_case.py - what the tests of sessions share: a server with sessions and scripts that use
# them, browsers in the form of curl with a cookie jar, and a look into the database.
import json
import os
import sqlite3
import subprocess

import harness
from cgi_case import PY, put_script

# Answers with what the server says of the session; its query becomes response fields:
# "set=a%3D1", "unset=a", "replace=a%3D1%26b%3D2", "rotate=1", "destroy=1", "status=204".
SCRIPT = PY + """
import json
from urllib.parse import parse_qsl
fields = {"set": "X-Session-Set", "unset": "X-Session-Unset", "replace": "X-Replace-Session",
          "rotate": "X-Session-Rotate", "destroy": "X-Session-Destroy", "status": "Status"}
print("Content-Type: application/json")
for name, value in parse_qsl(os.environ["QUERY_STRING"], keep_blank_values=True):
    if name in fields:
        print(fields[name] + ": " + value)
    if name == "wait":  # goes on when the file is there; says that it waits by one of its own
        open("%s.%d" % (value, os.getpid()), "w").close()
        while not os.path.exists(value):
            time.sleep(0.005)
print()
print(json.dumps({k: v for k, v in os.environ.items()
                  if k.startswith("SESSION_") or k in ("HTTP_SESSION", "HTTP_COOKIE")}))
"""

# One more of the value named in the query: read, add, write.
COUNTER = PY + """
import json
name = os.environ["QUERY_STRING"]
values = json.loads(os.environ["SESSION_JSON"])
print("Content-Type: text/plain")
print("X-Session-Set: %s=%d" % (name, int(values.get(name, "0")) + 1))
print()
"""


class Browser:
    """curl with a cookie jar of its own."""

    def __init__(self, test, server):
        self.server = server
        self.jar = os.path.join(harness.make_folder(test), "jar")

    def get(self, target, *options):
        """(status, head, content) of one request."""
        done = subprocess.run(
            ["curl", "-sS", "-i", "-b", self.jar, "-c", self.jar, *options,
             self.server.url + target], stdout=subprocess.PIPE, check=True, timeout=60)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        return int(lines[0].split()[1]), lines, content.decode("utf-8", "replace")

    def session(self, query="", path="/cgi-bin/session.py"):
        """What the script saw."""
        status, _, content = self.get(path + "?" + query)
        if status != 200:
            raise AssertionError("status %d" % status)
        return json.loads(content)

    def values(self):
        return json.loads(self.session()["SESSION_JSON"])

    def id(self):
        """The secret in the jar; None without one."""
        if not os.path.exists(self.jar):
            return None
        with open(self.jar, encoding="ascii") as jar:
            for line in jar:
                parts = line.rstrip("\n").split("\t")
                if len(parts) == 7 and parts[5] == "sid":
                    return parts[6]
        return None

    def set_id(self, value):
        """Plants an id, as an attacker would."""
        with open(self.jar, "w", encoding="ascii") as jar:
            jar.write("# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tsid\t%s\n" % value)


class SessionCase(harness.TestCase):
    """SESSION are settings of the module; MORE are locations."""

    SESSION = ""
    MORE = ""
    WORKERS = 2
    FILES = {"www/index.html": "hello\n", "www/page.html": "a page\n"}

    @classmethod
    def configuration(cls):
        return """
server: { workers = %d; log_level = "debug"; };
modules: { cgi = true; session = true; };
session: { store = "sqlite:@DIR@/state/sessions.db"; %s };
static: { root = "@DIR@/www"; };
locations = ( { path = "/cgi-bin/"; cgi: { root = "@DIR@/cgi-bin"; }; } %s );
""" % (cls.WORKERS, cls.SESSION, cls.MORE)

    @classmethod
    def setUpClass(cls):
        cls.CONFIG = cls.configuration()
        cls.FILES = dict(cls.FILES)
        cls.FILES.setdefault("cgi-bin/.keep", "")
        super().setUpClass()
        put_script(cls.server, "session.py", SCRIPT)
        put_script(cls.server, "count.py", COUNTER)

    def browser(self):
        return Browser(self, self.server)

    @property
    def database(self):
        return self.server.path("state/sessions.db")

    def sql(self, text, *parameters):
        """Runs one statement in the database, as another process; returns the rows."""
        with sqlite3.connect(self.database, timeout=30) as db:
            rows = db.execute(text, parameters).fetchall()
        db.close()
        return rows

    def ostler(self, *words, status=0):
        """`ostler sessions WORDS`; its output."""
        result = harness.run_ostler("sessions", "-c", self.server.path("ostler.conf"), *words)
        self.assertEqual(result.returncode, status, result.stderr + result.stdout)
        return result.stdout if status == 0 else result.stderr
