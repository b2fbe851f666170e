#!/usr/bin/env python3
"""login.py - the door of a small shop: Python here, the basket in PHP, the summary in Perl.

The three share one session, which the server keeps.  A script finds it in HTTP_SESSION, as
name=value&name=value, and changes it with fields of its answer:

    X-Session-Set: user=Ann        X-Session-Unset: user        X-Session-Destroy: 1
"""
import hmac
import html
import os
import secrets
import shutil
import sys
from urllib.parse import parse_qsl, quote

WORD = "oats"  # a real shop would know a password of each customer, and keep only its hash
MOST = 4096


def respond(status, body, fields=()):
    data = ("""<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>The stable's shop: log in</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="../favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="../style.css">
<body>
<header><div><h1>The stable's shop</h1>
<p>Log in with Python, fill a basket with PHP, see the sum with Perl: one session.</p></div></header>
<nav class="steps" aria-label="Steps"><a href="login.py" aria-current="page">Log in</a>
<a href="basket.php">Basket</a> <a href="summary.pl">Summary</a></nav>
<main>
%s</main>
<footer><p>This page is <code>htdocs/cgi-bin/login.py</code>.</p></footer>
</body></html>
""" % body).encode()
    head = ["Status: " + status, "Content-Type: text/html; charset=utf-8",
            "Content-Length: %d" % len(data), "Cache-Control: no-store",
            "Content-Security-Policy: default-src 'none'; style-src 'self'; img-src 'self'; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'", *fields]
    sys.stdout.buffer.write("".join(line + "\r\n" for line in head).encode() + b"\r\n" + data)


def has_php():
    path = os.environ.get("PATH", os.defpath) + ":/usr/local/bin:/opt/homebrew/bin"
    return shutil.which("php-cgi", path=path) is not None


def hint():
    if has_php():
        return ""
    return """<p class="hint" id="no-php">There is no PHP on this machine, so the basket stays shut: <code>apt install php-cgi</code>
or <code>brew install php</code>. The <a href="summary.pl">summary</a> works without it.</p>
"""


def show_door(session, message=""):
    token = session.get("csrf")
    fields = []
    if not token:
        token = secrets.token_urlsafe(18)
        fields.append("X-Session-Set: csrf=" + token)
    note = '<p class="hint" role="alert">%s</p>\n' % html.escape(message) if message else ""
    respond("403 Forbidden" if message else "200 OK", note + """<form class="stacked" method="post" action="login.py">
<input type="hidden" name="csrf" value="%s">
<label for="name">Your name</label> <input id="name" name="name" maxlength="40" required autocomplete="username">
<label for="word">What horses like (<code>%s</code>)</label>
<input id="word" name="word" type="password" required autocomplete="current-password">
<button>Log in</button></form>
%s""" % (html.escape(token), WORD, hint()), fields)


def log_in(session):
    length = int(os.environ.get("CONTENT_LENGTH") or 0)
    if length > MOST:
        return respond("413 Content Too Large", "<p>That is more than a name and a word.</p>\n")
    form = dict(parse_qsl(sys.stdin.buffer.read(length).decode("utf-8", "replace"), True))
    # Another site can send this form in your name, but it cannot know what is in your session.
    if not session.get("csrf") or not hmac.compare_digest(
            form.get("csrf", "").encode(), session["csrf"].encode()):
        return show_door(session, "This form is too old, or not ours. Please try again.")
    name = " ".join(form.get("name", "").split())
    if not 0 < len(name) <= 40 or not name.isprintable():
        return show_door(session, "A name has 1 to 40 characters.")
    if not hmac.compare_digest(form.get("word", "").encode(), WORD.encode()):
        return show_door(session, "No: horses like something else.")
    # Who logs in gets another id: whoever knew the old one, knows nothing now.
    return respond("303 See Other", "<p>Welcome.</p>\n",
                   ["Location: " + ("basket.php" if has_php() else "summary.pl"),
                    "X-Session-Set: user=%s&csrf=%s" % (quote(name), secrets.token_urlsafe(18)),
                    "X-Session-Rotate: 1"])


def main():
    if "SESSION_NEW" not in os.environ:
        return respond("503 Service Unavailable", """<p class="hint" id="no-session">Sessions are off here, or their store is down.
<code>ostler serve htdocs --cgi</code> turns them on; in a configuration it is</p>
<pre><code>modules: { session = true; };</code></pre>
""")
    session = dict(parse_qsl(os.environ.get("HTTP_SESSION", ""), True))
    if os.environ["REQUEST_METHOD"] == "POST":
        return log_in(session)
    if session.get("user"):
        return respond("200 OK", """<p id="hello">Hello, %s. Here is your <a href="basket.php">basket</a>,
there is the <a href="summary.pl">summary</a>, where you can log out.</p>
%s""" % (html.escape(session["user"]), hint()))
    return show_door(session)


main()
