#!/usr/bin/env python3
"""visits.py - how often you were here, and how many visitors there were.

Your visits are counted in your session.  Who you are is a random number in a cookie, which the
module cookie sets and hands on as VISITOR_ID; visitors are counted in the folder STATE_FOLDER, when
the configuration names one (cgi.environment).
"""
import html
import os
import re
import sqlite3
import sys
from urllib.parse import parse_qsl


def count_visitor(visitor):
    """The number of visitors so far; None when nobody counts them."""
    folder = os.environ.get("STATE_FOLDER")
    if not folder or not re.fullmatch(r"[A-Za-z0-9_-]{22}", visitor):
        return None
    try:
        with sqlite3.connect(os.path.join(folder, "visitors.db"), timeout=5) as db:
            db.execute("CREATE TABLE IF NOT EXISTS visitors (id TEXT PRIMARY KEY)")
            db.execute("INSERT OR IGNORE INTO visitors VALUES (?)", (visitor,))
            return db.execute("SELECT count(*) FROM visitors").fetchone()[0]
    except sqlite3.Error as error:
        print("visitors.db:", error, file=sys.stderr)
        return None


def main():
    fields = []
    rows = []
    if "SESSION_NEW" in os.environ:
        session = dict(parse_qsl(os.environ.get("HTTP_SESSION", ""), True))
        before = session.get("visits", "0")
        visits = (int(before) if before.isdecimal() and len(before) < 10 else 0) + 1
        fields.append("X-Session-Set: visits=%d" % visits)
        rows.append(("Your visits", "visits", str(visits)))
    visitor = os.environ.get("VISITOR_ID", "")
    visitors = count_visitor(visitor)
    if visitors is not None:
        rows.append(("Visitors", "visitors", str(visitors)))
    if visitor:
        rows.append(("You are", "visitor", visitor))
    body = "".join("<dt>%s</dt><dd id=\"%s\">%s</dd>\n" % (name, key, html.escape(value))
                   for name, key, value in rows)
    if not body:
        body = "<p class=\"hint\" id=\"off\">Neither sessions nor cookies are on here.</p>\n"
    data = ("""<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>Visits</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="../favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="../style.css">
<body>
<header><div><h1>Welcome%s</h1></div></header>
<main><dl>
%s</dl></main>
<footer><p>This page is <code>htdocs/cgi-bin/visits.py</code>.</p></footer>
</body></html>
""" % (" back" if rows and rows[0][1:] != ("visits", "1") else "", body)).encode()
    head = ["Content-Type: text/html; charset=utf-8", "Content-Length: %d" % len(data),
            "Cache-Control: no-store",
            "Content-Security-Policy: default-src 'none'; style-src 'self'; img-src 'self'; "
            "base-uri 'none'; frame-ancestors 'none'", *fields]
    sys.stdout.buffer.write("".join(line + "\r\n" for line in head).encode() + b"\r\n" + data)


main()
