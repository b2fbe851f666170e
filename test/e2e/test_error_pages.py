# test_error_pages.py - the pages for errors: built in, by configuration, and when those fail.
import unittest

import harness

CONFIG = """
static: { root = "@DIR@/www"; };
http: { error_pages = (
  { status = 404; path = "/errors/404.html"; },
  { status = 405; path = "/errors/missing.html"; } ); };
hosts = (
  { names = [ "localhost" ];
    locations = ( { path = "/inner/"; http: { error_pages = (
      { status = 404; path = "/errors/inner.html"; } ); }; } ); },
  { names = [ "plain.example" ]; http: { error_pages = (); }; } );
"""


class ErrorPages(harness.TestCase):
    CONFIG = CONFIG
    FILES = {
        "www/index.html": "<!doctype html>\n",
        "www/errors/404.html": "<!doctype html><title>lost</title>\n",
        "www/errors/inner.html": "<!doctype html><title>lost inside</title>\n",
    }

    def test_a_page_of_the_users_own_keeps_the_status(self):
        r = self.server.get("/nothing")
        self.assertEqual((r.status, r.text), (404, self.FILES["www/errors/404.html"]))
        self.assertEqual(r["Content-Type"], "text/html; charset=utf-8")

    def test_a_location_has_pages_of_its_own(self):
        self.assertIn("lost inside", self.server.get("/inner/nothing").text)

    def test_a_head_request_gets_no_page(self):
        r = self.server.head("/nothing")
        self.assertEqual((r.status, r.body), (404, b""))

    def test_conditions_and_ranges_do_not_apply_to_an_error_page(self):
        for fields in ({"Range": "bytes=0-3"}, {"If-None-Match": "*"},
                       {"If-Modified-Since": "Fri, 31 Dec 2099 23:59:59 GMT"}):
            with self.subTest(fields):
                r = self.server.get("/nothing", fields)
                self.assertEqual((r.status, r.text), (404, self.FILES["www/errors/404.html"]))

    def test_a_page_that_is_missing_gives_way_to_the_built_in_one(self):
        r = self.server.request("POST", "/", body="x")
        self.assertEqual(r.status, 405)
        self.assertIn("GET", r["Allow"])
        self.assertIn("405", r.text)

    def test_the_built_in_page_reflects_nothing(self):
        r = self.server.get("/<script>alert(1)</script>?<script>", {"Referer": "<script>"},
                            host="plain.example")
        self.assertEqual(r.status, 404)
        self.assertNotIn("script", r.text)
        self.assertEqual(r["X-Content-Type-Options"], "nosniff")

    def test_the_page_of_an_error_answers_a_post_too(self):
        with self.server.connect() as c:
            c.send("POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx")
            r = c.read_response()
            self.assertEqual(r.status, 404)
            self.assertIn("lost", r.text)


if __name__ == "__main__":
    unittest.main(verbosity=2)
