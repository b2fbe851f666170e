#!/usr/bin/env python3
"""form.py - a form with an upload, in Python: only the standard library."""
import email.parser
import email.policy
import hashlib
import html
import os
import sys
import urllib.parse

MOST = 10 * 1024 * 1024


def respond(status, body):
    data = ("<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Form</title>\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            "<link rel=\"stylesheet\" href=\"../style.css\">\n" + body + "</html>\n").encode()
    head = ("Status: %s\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n"
            "Cache-Control: no-store\r\n\r\n" % (status, len(data)))
    sys.stdout.buffer.write(head.encode() + data)


def read_form(content_type, data):
    """(name, file name or None, bytes) of every field."""
    if content_type.startswith("multipart/form-data"):
        message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
            b"Content-Type: " + content_type.encode("latin-1") + b"\r\n\r\n" + data)
        for part in message.iter_parts():
            yield (part.get_param("name", "", header="content-disposition"), part.get_filename(),
                   part.get_payload(decode=True) or b"")
        return
    for name, value in urllib.parse.parse_qsl(data.decode("utf-8", "replace"), True):
        yield name, None, value.encode()


def main():
    if os.environ["REQUEST_METHOD"] == "POST":
        length = int(os.environ.get("CONTENT_LENGTH") or 0)
        if length > MOST:
            return respond("413 Content Too Large", "<h1>That is too much</h1>\n")
        data = sys.stdin.buffer.read(length)
        rows = ""
        for name, file, content in read_form(os.environ.get("CONTENT_TYPE", ""), data):
            text = ("%s: %d bytes, SHA-256 %s" % (file, len(content), hashlib.sha256(content).hexdigest())
                    if file is not None else content.decode("utf-8", "replace"))
            rows += "<tr><th>%s<td>%s\n" % (html.escape(name), html.escape(text))
        return respond("200 OK", "<h1>Received</h1>\n<table>\n%s</table>\n" % rows)
    return respond("200 OK", """<h1>A form</h1>
<form method="post" enctype="multipart/form-data">
<p><label>Name <input name="name"></label>
<p><label>File <input type="file" name="file"></label>
<p><button>Send</button>
</form>
""")


main()
