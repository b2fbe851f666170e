# wire.py - HTTP/1.1 as bytes on a socket: a client that sends anything and believes nothing.
#
# read_response() is strict on purpose: whatever a lenient client would forgive (a bare LF, two
# lengths, a body on a 304, bytes after the last chunk) raises WireError, which fails the test.
import email.utils
import re
import socket
import time

import wire_tls

TIMEOUT = 30.0  # only ever reached by a test that fails

TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5][0-9][0-9]) ([\x20-\x7e]*)\Z")
SINGLE = (b"content-length", b"content-type", b"date", b"server", b"etag", b"last-modified",
          b"location", b"transfer-encoding", b"content-range", b"connection", b"allow",
          b"accept-ranges", b"content-encoding", b"x-content-type-options")


class WireError(AssertionError):
    """The server sent something that is not HTTP, or nothing at all."""


class Response:
    """One final response; `interim` has the status codes of 1xx responses before it."""

    def __init__(self):
        self.status = 0
        self.reason = ""
        self.fields = []        # (name, value) as received, str
        self.body = b""
        self.framing = ""       # "none", "length", "chunked" or "close"
        self.interim = []

    def __repr__(self):
        return "<%d %s %r body %r>" % (self.status, self.reason, self.fields, self.body[:200])

    def all(self, name):
        return [v for n, v in self.fields if n.lower() == name.lower()]

    def get(self, name, default=None):
        values = self.all(name)
        return values[0] if values else default

    def __getitem__(self, name):
        value = self.get(name)
        if value is None:
            raise WireError("no field %s in %r" % (name, self))
        return value

    @property
    def text(self):
        return self.body.decode()

    @property
    def closes(self):
        return "close" in [t.strip().lower() for t in self.get("Connection", "").split(",")]


def parse_head(head):
    """Status code, reason and fields of a head without its final empty line."""
    lines = head.split(b"\r\n")
    for line in lines:
        if re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", line):
            raise WireError("a control character in the head: %r" % line)
    found = STATUS_LINE.match(lines[0])
    if not found:
        raise WireError("not a status line: %r" % lines[0])
    fields = []
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if not colon or not TOKEN.match(name):
            raise WireError("not a field line: %r" % line)
        if name.lower() in SINGLE and any(n.lower() == name.decode().lower() for n, _ in fields):
            raise WireError("two fields %r" % name)
        fields.append((name.decode(), value.strip(b" \t").decode("latin-1")))
    return int(found.group(1)), found.group(2).decode(), fields


class Connection:
    """A TCP connection to the server.  Everything read is remembered until it is taken.

    With `tls`, an ssl.SSLContext, over TLS; `reset` then also means a FIN without close_notify."""

    def __init__(self, address, timeout=TIMEOUT, receive_buffer=None, tls=None, **options):
        family = socket.AF_UNIX if isinstance(address, str) else (
            socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect(address)
        if family != socket.AF_UNIX:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = wire_tls.TlsSocket(self.socket, tls, **options)
        self.buffer = bytearray()
        self.eof = False
        self.reset = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    # --- sending -------------------------------------------------------------------

    def send(self, *pieces):
        """Each piece is one write.  A server that closed early is no error: read and see."""
        for piece in pieces:
            try:
                self.socket.sendall(piece.encode("latin-1") if isinstance(piece, str) else piece)
            except (BrokenPipeError, ConnectionResetError):
                return self
        return self

    def send_in_pieces(self, data, size=1, pause=0.0005):
        """The pause makes it likely, not certain, that the server sees the pieces one by one;
        the answer has to be the same either way."""
        for at in range(0, len(data), size):
            self.send(data[at:at + size])
            time.sleep(pause)
        return self

    def finish_sending(self):
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        return self

    def abort(self):
        """Leaves with a RST instead of a FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self.socket.close()

    # --- reading -------------------------------------------------------------------

    def _more(self):
        """Reads once; False at the end."""
        if self.eof:
            return False
        try:
            data = self.socket.recv(1 << 18)
        except socket.timeout:
            raise WireError("nothing more from the server; so far: %r" % bytes(self.buffer[:500]))
        except ConnectionResetError:
            self.reset = True
            data = b""
        if not data:
            self.eof = True
            return False
        self.buffer += data
        return True

    def _take(self, count):
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    def _until(self, mark):
        start = 0
        while True:
            at = self.buffer.find(mark, start)
            if at >= 0:
                data = self._take(at)
                self._take(len(mark))
                return data
            start = max(0, len(self.buffer) - len(mark) + 1)
            if not self._more():
                raise WireError("closed before %r; got %r" % (mark, bytes(self.buffer[:500])))

    def read_until(self, mark):
        """Everything up to `mark`, which is taken, too."""
        return self._until(mark)

    def read_exactly(self, count):
        while len(self.buffer) < count:
            if not self._more():
                raise WireError("closed after %d of %d bytes" % (len(self.buffer), count))
        return self._take(count)

    def read_to_end(self):
        while self._more():
            pass
        return self._take(len(self.buffer))

    def read_line(self):
        return self._until(b"\r\n")

    def read_head(self):
        """One head, interim or final: status, reason, fields."""
        return parse_head(self._until(b"\r\n\r\n"))

    def read_response(self, method="GET"):
        """The next final response, read to its exact end."""
        response = Response()
        while True:
            response.status, response.reason, response.fields = self.read_head()
            if response.status >= 200:
                break
            if response.status == 101:
                raise WireError("101 was not asked for")
            response.interim.append(response.status)
        self._check_head(response)
        self._read_body(response, method)
        return response

    def _check_head(self, r):
        date = r.get("Date")
        if date is None or not re.match(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} "
                                        r"\d\d:\d\d:\d\d GMT\Z", date):
            raise WireError("no good Date: %r" % r)
        if abs(time.time() - email.utils.parsedate_to_datetime(date).timestamp()) > 120:
            raise WireError("the Date is off: %s" % date)
        if r.get("Content-Length") is not None and r.get("Transfer-Encoding") is not None:
            raise WireError("two framings: %r" % r)
        if r.status in (204, 304) and r.get("Transfer-Encoding") is not None:
            raise WireError("framing on a response without content: %r" % r)
        if r.status == 204 and r.get("Content-Length") is not None:
            raise WireError("Content-Length on a 204: %r" % r)

    def _read_body(self, r, method):
        length = r.get("Content-Length")
        if length is not None and not re.match(r"[0-9]+\Z", length):
            raise WireError("bad Content-Length: %r" % r)
        if method == "HEAD" or r.status in (204, 304):
            r.framing = "none"
        elif r.get("Transfer-Encoding") is not None:
            if r["Transfer-Encoding"] != "chunked":
                raise WireError("unknown coding: %r" % r)
            r.framing = "chunked"
            r.body = self._read_chunks()
        elif length is not None:
            r.framing = "length"
            r.body = self.read_exactly(int(length))
        else:
            r.framing = "close"
            if not r.closes:
                raise WireError("no framing, and the connection is to stay open: %r" % r)
            r.body = self.read_to_end()
            if self.reset:
                raise WireError("reset inside a body: %r" % r)

    def _read_chunks(self):
        body = bytearray()
        while True:
            line = self.read_line()
            if not re.match(rb"[0-9a-fA-F]{1,16}\Z", line):
                raise WireError("not a chunk size: %r" % line)
            size = int(line, 16)
            if size == 0:
                if self.read_line() != b"":
                    raise WireError("trailers were not expected")
                return bytes(body)
            body += self.read_exactly(size)
            if self.read_exactly(2) != b"\r\n":
                raise WireError("no CRLF after a chunk")

    def expect_close(self):
        """The server closes, in order, and sends nothing more before that."""
        rest = self.read_to_end()
        if rest:
            raise WireError("bytes where the end was expected: %r" % rest[:500])
        if self.reset:
            raise WireError("reset where a close was expected")
        return self

    def exchange(self, method, target="/", fields=(), body=None, host="localhost"):
        """Sends one request and reads its response; the connection stays open."""
        self.send(make_request(method, target, fields, body, host))
        return self.read_response(method)


def make_request(method, target="/", fields=(), body=None, host="localhost"):
    """The bytes of a request; `fields` is a dict or a list of pairs."""
    lines = ["%s %s HTTP/1.1" % (method, target)]
    if host is not None:
        lines.append("Host: " + host)
    pairs = fields.items() if isinstance(fields, dict) else fields
    lines += ["%s: %s" % (name, value) for name, value in pairs]
    if body is not None:
        body = body.encode() if isinstance(body, str) else body
        lines.append("Content-Length: %d" % len(body))
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (body or b"")
