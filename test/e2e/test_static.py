# test_static.py - files over real connections: sizes, ranges, changes while they are sent.
import hashlib
import os
import re
import threading

import harness

CONFIG = """
static: {
  root = "@DIR@/www";
  cache_age = "0s";
  precompressed = true;
  cache_control = { css = "7d"; };
};
hosts = (
  { names = [ "app.example" ]; static: { root = "@DIR@/app"; try = [ "/index.html" ]; }; },
  { names = [ "pub.example" ];
    locations = ( { path = "/pub/"; static: { root = "@DIR@/pub"; }; } ); },
  { names = [ "cached.example" ]; static: { cache_age = "1s"; }; }
);
"""


def numbers(size):
    """Bytes in which a wrong offset shows."""
    return hashlib.shake_128(b"ostler").digest(size)


SIZES = (0, 1, 4095, 4096, 65535, 65536, 65537, 1 << 20, (1 << 20) + 1, 5_000_003)


class Static(harness.TestCase):
    CONFIG = CONFIG
    FILES = {
        "www/index.html": "<!doctype html><title>start</title>\n",
        "www/style.css": "a{}",
        "www/dir/index.html": "dir",
        "www/empty dir/x/.keep": "",
        "www/.env": "SECRET",
        "www/a.php~": "SECRET",
        "www/.well-known/security.txt": "Contact: x",
        "www/script.js": "plain",
        "www/script.js.gz": "zipped",
        "secret.txt": "SECRET",
        "app/index.html": "the application",
        "app/a.js": "script",
        "pub/file.txt": "pub file",
        **{"www/size/%d" % size: numbers(size) for size in SIZES},
    }

    # --- whole files ------------------------------------------------------------------

    def test_every_size_arrives_on_one_connection(self):
        with self.server.connect() as c:
            for size in SIZES * 2:
                with self.subTest(size=size):
                    r = c.exchange("GET", "/size/%d" % size)
                    self.assertEqual((r.status, r.framing), (200, "length"))
                    self.assertEqual(r.body, numbers(size))
                    h = c.exchange("HEAD", "/size/%d" % size)
                    self.assertEqual(h["Content-Length"], str(size))
                    self.assertEqual(h["ETag"], r["ETag"])

    def test_pipelined_requests_are_answered_in_order(self):
        wanted = [size for size in SIZES for _ in range(3)]
        with self.server.connect() as c:
            sender = threading.Thread(target=c.send, args=(b"".join(
                harness.make_request("GET", "/size/%d" % size) for size in wanted),))
            sender.start()
            for size in wanted:
                self.assertEqual(c.read_response().body, numbers(size))
            sender.join()

    def test_fields_of_a_file(self):
        r = self.server.get("/style.css")
        self.assertEqual(r["Content-Type"], "text/css; charset=utf-8")
        self.assertEqual(r["Cache-Control"], "max-age=604800")
        self.assertEqual(r["X-Content-Type-Options"], "nosniff")
        self.assertEqual(r["Accept-Ranges"], "bytes")
        self.assertRegex(r["ETag"], r'\A"[0-9a-f-]+"\Z')
        self.assertIn("GMT", r["Last-Modified"])

    def test_directories(self):
        self.assertEqual(self.server.get("/").text, "<!doctype html><title>start</title>\n")
        self.assertEqual(self.server.get("/dir/").text, "dir")
        r = self.server.get("/dir?a=b")
        self.assertEqual((r.status, r["Location"]), (301, "/dir/?a=b"))
        r = self.server.get("/empty%20dir/x")
        self.assertEqual((r.status, r["Location"]), (301, "/empty%20dir/x/"))
        r = self.server.get("//dir")
        self.assertEqual((r.status, r["Location"]), (301, "/dir/"))
        self.assertEqual(self.server.get("/empty%20dir/").status, 404)

    def test_other_methods(self):
        with self.server.connect() as c:
            for method in ("POST", "PUT", "DELETE", "PROPFIND"):
                r = c.exchange(method, "/style.css", body="x")
                self.assertEqual((r.status, r["Allow"]), (405, "GET, HEAD, OPTIONS"))
            r = c.exchange("OPTIONS", "/style.css")
            self.assertEqual((r.status, r["Allow"]), (204, "GET, HEAD, OPTIONS"))

    def test_what_is_not_for_the_world(self):
        os.symlink("../secret.txt", self.server.path("www/outside-link"))
        os.mkfifo(self.server.path("www/fifo"))
        for target in ("/.env", "/%2eenv", "/a.php~", "/..%2fsecret.txt", "/%2e%2e/secret.txt",
                       "/../secret.txt", "/dir/../../secret.txt", "/dir/..%2f..%2fsecret.txt",
                       "/..%5csecret.txt", "/%252e%252e/secret.txt", "/....//secret.txt",
                       "/style.css/", "/style.css/../../secret.txt", "/style.css%00.html",
                       "/\xc0\xae\xc0\xae/secret.txt", "/%c0%ae%c0%ae/secret.txt"):
            with self.subTest(target=target):
                r = self.server.get(target)
                self.assertIn(r.status, (400, 404))
                self.assertNotIn(b"SECRET", r.body)
        self.assertEqual(self.server.get("/fifo").status, 403)
        self.assertEqual(self.server.get("/.well-known/security.txt").text, "Contact: x")

    # --- parts ----------------------------------------------------------------------------

    def test_conditional_requests(self):
        with self.server.connect() as c:
            r = c.exchange("GET", "/size/65537")
            for field in (("If-None-Match", r["ETag"]), ("If-Modified-Since", r["Last-Modified"])):
                same = c.exchange("GET", "/size/65537", [field])
                self.assertEqual((same.status, same["ETag"]), (304, r["ETag"]))
            failed = c.exchange("GET", "/size/65537", [("If-Match", '"other"')])
            self.assertEqual(failed.status, 412)
            self.assertEqual(c.exchange("GET", "/size/65537").body, r.body)

    def test_ranges(self):
        size = 5_000_003
        content = numbers(size)
        with self.server.connect() as c:
            for first, last in ((0, 0), (0, 65535), (65536, 200000), (size - 1, size - 1),
                                (1, size - 1), (0, size - 1), (4_000_000, 4_999_999)):
                r = c.exchange("GET", "/size/%d" % size, {"Range": "bytes=%d-%d" % (first, last)})
                self.assertEqual(r.status, 206)
                self.assertEqual(r["Content-Range"], "bytes %d-%d/%d" % (first, last, size))
                self.assertEqual(r.body, content[first:last + 1])
            r = c.exchange("GET", "/size/%d" % size, {"Range": "bytes=%d-" % size})
            self.assertEqual((r.status, r["Content-Range"]), (416, "bytes */%d" % size))
            r = c.exchange("HEAD", "/size/%d" % size, {"Range": "bytes=0-1"})
            self.assertEqual((r.status, r["Content-Length"]), (200, str(size)))

    def test_several_ranges(self):
        for size in (4096, 5_000_003):
            content = numbers(size)
            r = self.server.get("/size/%d" % size, {"Range": "bytes=-10,0-9,100-1000,500-1500"})
            self.assertEqual(r.status, 206)
            boundary = re.match(r"multipart/byteranges; boundary=(\S+)\Z", r["Content-Type"])[1]
            parts = b""
            for first, last in ((size - 10, size - 1), (0, 9), (100, 1500)):
                parts += (b"\r\n--%s\r\nContent-Type: application/octet-stream\r\n"
                          b"Content-Range: bytes %d-%d/%d\r\n\r\n" % (
                              boundary.encode(), first, last, size)) + content[first:last + 1]
            self.assertEqual(r.body, parts[2:] + b"\r\n--%s--\r\n" % boundary.encode())

    def test_offsets_beyond_32_bits(self):
        size = (5 << 30) + 10
        path = self.server.write("www/huge", b"")
        with open(path, "r+b") as out:
            out.truncate(size)
            out.seek(size - 10)
            out.write(b"0123456789")
        r = self.server.get("/huge", {"Range": "bytes=-10"})
        self.assertEqual((r.status, r.body), (206, b"0123456789"))
        r = self.server.get("/huge", {"Range": "bytes=%d-%d" % (size - 8, size)})
        self.assertEqual((r["Content-Range"], r.body),
                         ("bytes %d-%d/%d" % (size - 8, size - 1, size), b"23456789"))
        self.assertEqual(self.server.head("/huge")["Content-Length"], str(size))

    def test_compressed_siblings(self):
        r = self.server.get("/script.js", {"Accept-Encoding": "gzip, br"})
        self.assertEqual((r.text, r["Content-Encoding"], r["Vary"]),
                         ("zipped", "gzip", "Accept-Encoding"))
        self.assertEqual(r["Content-Type"], "text/javascript; charset=utf-8")
        r = self.server.get("/script.js")
        self.assertEqual((r.text, r.get("Content-Encoding"), r["Vary"]),
                         ("plain", None, "Accept-Encoding"))

    # --- scopes ---------------------------------------------------------------------------

    def test_single_page_application(self):
        get = lambda target: self.server.get(target, host="app.example")
        self.assertEqual(get("/").text, "the application")
        self.assertEqual(get("/users/7?tab=1").text, "the application")
        self.assertEqual(get("/a.js").text, "script")
        self.assertEqual(get("/.env").status, 404)

    def test_a_location_with_a_root_of_its_own(self):
        self.assertEqual(self.server.get("/pub/file.txt", host="pub.example").text, "pub file")
        self.assertEqual(self.server.get("/dir/", host="pub.example").text, "dir")

    # --- changes --------------------------------------------------------------------------

    def test_a_file_that_shrinks_while_it_is_sent_harms_only_its_own_answer(self):
        path = self.server.write("www/shrinks", numbers(64 << 20))
        with self.server.connect(receive_buffer=65536) as slow, self.server.connect() as other:
            slow.send(harness.make_request("GET", "/shrinks"))
            _, _, fields = slow.read_head()
            self.assertIn(("Content-Length", str(64 << 20)), fields)
            first = slow.read_exactly(100_000)
            os.truncate(path, 200_000)
            rest = slow.read_to_end()
            self.assertLess(len(first) + len(rest), 64 << 20)  # cut off, and it shows
            self.assertEqual(other.exchange("GET", "/dir/").text, "dir")
        self.assertEqual(len(self.server.workers()), 1)

    def test_a_file_that_grows_while_it_is_sent_keeps_its_length(self):
        size = 16 << 20
        path = self.server.write("www/grows", numbers(size))
        with self.server.connect(receive_buffer=65536) as c:
            c.send(harness.make_request("GET", "/grows"))
            c.read_head()
            first = c.read_exactly(100_000)
            with open(path, "ab") as out:
                out.write(b"x" * 1_000_000)
            self.assertEqual(first + c.read_exactly(size - 100_000), numbers(size))
            self.assertEqual(c.exchange("HEAD", "/grows")["Content-Length"], str(size + 1_000_000))

    def test_a_file_that_is_replaced_while_it_is_sent_arrives_as_it_was(self):
        size = 16 << 20
        path = self.server.write("www/replaced", numbers(size))
        with self.server.connect(receive_buffer=65536) as c:
            c.send(harness.make_request("GET", "/replaced"))
            c.read_head()
            first = c.read_exactly(100_000)
            with open(path + ".new", "wb") as out:
                out.write(b"y" * size)
            os.rename(path + ".new", path)
            self.assertEqual(first + c.read_exactly(size - 100_000), numbers(size))
            self.assertEqual(c.exchange("GET", "/replaced").body, b"y" * size)

    def test_content_and_entity_tag_always_belong_together(self):
        # Small (in memory) and large (open) files, replaced all the time; cached for a second.
        seen = {}
        for name, size in (("small", 2000), ("large", 300_000)):
            path = self.server.write("www/" + name, b"0" * size)
            with self.server.connect() as c:
                for round_ in range(200):
                    if round_ % 5 == 0:
                        length = size + round_
                        with open(path + ".new", "wb") as out:
                            out.write(b"%d" % (round_ % 10) * length)
                        os.rename(path + ".new", path)
                    r = c.exchange("GET", "/" + name, host="cached.example")
                    self.assertEqual(len(set(r.body)), 1)
                    digest = hashlib.sha256(r.body).digest()
                    self.assertEqual(seen.setdefault((name, r["ETag"]), digest), digest)

    def test_a_change_is_seen_within_about_a_second(self):
        path = self.server.write("www/changes", "old")
        get = lambda: self.server.get("/changes", host="cached.example").text
        self.assertEqual(get(), "old")
        self.server.write("www/changes.new", "newer")
        os.rename(self.server.path("www/changes.new"), path)
        harness.wait_until(lambda: get() == "newer", "the new content", pause=0.05)
        os.remove(path)
        harness.wait_until(lambda: "newer" not in get(), "the removal", pause=0.05)


if __name__ == "__main__":
    harness.main()
