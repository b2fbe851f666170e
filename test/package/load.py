# load.py - asks localhost:80 for a path, again and again, until its standard input ends.
#
# Half of the threads keep their connection for 50 requests, half open one for each.  Prints a line
# when it has begun, and at the end what came of it, as JSON.
import json
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from wire import Connection  # noqa: E402

ADDRESS = ("127.0.0.1", 80)


class Asker(threading.Thread):
    def __init__(self, path, per_connection, stop):
        super().__init__(daemon=True)
        self.path, self.per_connection, self.stop = path, per_connection, stop
        self.requests, self.wrong = 0, []

    def run(self):
        while not self.stop.is_set():
            try:
                self.connection()
            except Exception as e:  # noqa: B902: whatever it is, a request failed
                self.wrong.append(repr(e))
                if len(self.wrong) > 20:
                    return

    def connection(self):
        with Connection(ADDRESS) as c:
            for _ in range(self.per_connection):
                response = c.exchange("GET", self.path)
                self.requests += 1
                if response.status != 200:
                    self.wrong.append("status %d" % response.status)
                if response.get("Connection") == "close" or self.stop.is_set():
                    return


def main():
    stop = threading.Event()
    askers = [Asker(sys.argv[1], n, stop) for n in (50, 1, 50, 1)]
    for asker in askers:
        asker.start()
    print("begun", flush=True)
    sys.stdin.read()
    stop.set()
    for asker in askers:
        asker.join(30)
    print(json.dumps({"requests": sum(a.requests for a in askers),
                      "wrong": [w for a in askers for w in a.wrong]}))


if __name__ == "__main__":
    main()
