#!/usr/bin/env python3
"""clock.py - a clock that streams: a page, and its ticks as server-sent events."""
import os
import sys
import time

if os.environ.get("PATH_INFO") == "/ticks":
    sys.stdout.write("Content-Type: text/event-stream\r\nCache-Control: no-store\r\n\r\n")
    while True:  # until the browser leaves: the server ends this script then
        sys.stdout.write("data: %s\n\n" % time.strftime("%H:%M:%S"))
        sys.stdout.flush()
        time.sleep(1 - time.time() % 1)

sys.stdout.write("""Content-Type: text/html; charset=utf-8\r
\r
<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>Clock</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="../style.css">
<h1 id="clock">--:--:--</h1>
<script>
new EventSource(location.pathname + "/ticks").onmessage =
    event => document.getElementById("clock").textContent = event.data;
</script>
</html>
""")
