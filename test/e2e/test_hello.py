# test_hello.py - the worked example of CONTRIBUTING.md in the real server.
import harness


class Hello(harness.TestCase):
    BINARY = harness.TEST_BINARY  # the server with the tests' own modules
    CONFIG = """
modules: { hello = true; };
static: { root = "@DIR@/www"; };
locations = ( { path = "/hello"; hello: { text = "Good day"; }; } );
"""

    def test_it_greets_in_its_location(self):
        self.assertEqual(self.server.get("/hello").text, "Good day, 127.0.0.1!\n")

    def test_other_locations_are_not_its_business(self):
        self.assertEqual(self.server.get("/").text, self.FILES["www/index.html"])


if __name__ == "__main__":
    harness.main()
