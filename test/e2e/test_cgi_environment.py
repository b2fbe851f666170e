# test_cgi_environment.py - what a script is told, what it is never told, and how it is found.
import os
import shutil

import harness
from cgi_case import PY, SH, CgiCase, put_script

SHOW = PY + """
out = sys.stdout.buffer
out.write(b"Content-Type: text/plain\\n\\n")
for name, value in sorted(os.environb.items()):
    out.write(name + b"=" + value + b"\\n")
"""
ARGUMENTS = PY + "print('Content-Type: text/plain\\n\\n' + repr(sys.argv[1:]))\n"
PHP_CGI = shutil.which("php-cgi")


def variables(response):
    return dict(line.split("=", 1) for line in response.text.splitlines())


class Environment(CgiCase):
    SCRIPTS = {"env.py": SHOW, "args.py": ARGUMENTS}
    CGI = ""

    def env(self, target="/cgi-bin/env.py", fields=(), **more):
        return variables(self.server.request(more.pop("method", "GET"), target, fields, **more))

    def test_it_is_made_of_nothing(self):
        e = self.env("/cgi-bin/env.py/extra/path?a=b&c=%20d", [("X-Mine", "1")], host="example.test:81")
        port = e.pop("REMOTE_PORT")
        self.assertTrue(port.isdigit() and int(port) > 1023)
        self.assertRegex(e.pop("REQUEST_ID"), r"^[0-9a-f]{12}$")
        folder = self.server.path("cgi-bin")
        for name in ("LC_CTYPE",):  # Python's own
            e.pop(name, None)
        self.assertEqual(e, {
            "GATEWAY_INTERFACE": "CGI/1.1",
            "SERVER_NAME": "example.test",
            "SERVER_PORT": str(self.server.port),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "SERVER_SOFTWARE": "ostler",
            "REQUEST_METHOD": "GET",
            "REQUEST_URI": "/cgi-bin/env.py/extra/path?a=b&c=%20d",
            "REQUEST_SCHEME": "http",
            "SCRIPT_NAME": "/cgi-bin/env.py",
            "SCRIPT_FILENAME": folder + "/env.py",
            "PATH_INFO": "/extra/path",
            "PATH_TRANSLATED": folder + "/extra/path",
            "QUERY_STRING": "a=b&c=%20d",
            "REMOTE_ADDR": "127.0.0.1",
            "DOCUMENT_ROOT": folder,
            "REDIRECT_STATUS": "200",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "C",
            "OSTLER_TEST": self.server.dir,
            "HTTP_HOST": "example.test:81",
            "HTTP_X_MINE": "1",
        })

    def test_content_is_described_by_what_the_script_gets(self):
        e = self.env(method="POST", fields=[("Content-Type", "a/b")], body=b"123")
        self.assertEqual((e["CONTENT_LENGTH"], e["CONTENT_TYPE"]), ("3", "a/b"))
        self.assertNotIn("HTTP_CONTENT_LENGTH", e)
        self.assertNotIn("HTTP_CONTENT_TYPE", e)
        self.assertNotIn("CONTENT_LENGTH", self.env())

    def test_names_that_could_pose_as_others_are_dropped(self):
        e = self.env(fields=[
            ("X_Forwarded_For", "6.6.6.6"), ("X.Real.IP", "6.6.6.6"), ("X-Real-IP", "1.1.1.1"),
            ("Proxy", "http://evil/"), ("proxy", "http://evil2/"), ("Session", "admin=1"),
            ("X!Y", "6"), ("X~Y", "6"), ("X'Y", "6"), ("Content_Length", "6")])
        self.assertEqual(e["HTTP_X_REAL_IP"], "1.1.1.1")
        for name in ("HTTP_PROXY", "HTTP_SESSION", "HTTP_X_FORWARDED_FOR", "CONTENT_LENGTH",
                     "HTTP_CONTENT_LENGTH"):
            self.assertNotIn(name, e)
        self.assertFalse([n for n in e if "6" in e[n] and n.startswith("HTTP_")])
        for name in e:
            self.assertRegex(name, r"^[A-Z][A-Z0-9_]*$")

    def test_fields_of_one_hop_are_dropped(self):
        e = self.env(fields=[
            ("Connection", "X-Private, close"), ("X-Private", "1"), ("Keep-Alive", "5"),
            ("TE", "trailers"), ("Upgrade", "h2c"), ("Proxy-Authorization", "Basic eA=="),
            ("Proxy-Connection", "x"), ("Trailer", "X"), ("Authorization", "Basic eDp5")])
        self.assertEqual([n for n in e if n.startswith("HTTP_")], ["HTTP_HOST"])

    def test_host_cannot_be_taken_away(self):
        self.assertEqual(self.env(fields=[("Connection", "host")])["HTTP_HOST"], "localhost")

    def test_duplicates_are_joined(self):
        e = self.env(fields=[("X-A", "1"), ("Cookie", "a=1"), ("x-a", "2"), ("COOKIE", "b=2"),
                             ("X-a", "")])
        self.assertEqual(e["HTTP_X_A"], "1, 2, ")
        self.assertEqual(e["HTTP_COOKIE"], "a=1; b=2")

    def test_folded_fields_and_nul_reach_nobody(self):
        for field in (b"X-A: 1\r\n 2", b"X-A: a\0b", b"X-A: a\rb", b"X A: 1", b"X-A : 1"):
            answer = self.server.raw(b"GET /cgi-bin/env.py HTTP/1.1\r\nHost: a\r\n" + field +
                                     b"\r\n\r\n")
            self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), answer)
        for target in (b"/cgi-bin/env.py/%00", b"/cgi-bin/env.py%00.txt", b"/cgi-bin/%0aenv.py"):
            self.assertTrue(self.server.raw(b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n")
                            .startswith(b"HTTP/1.1 400 "))

    def test_the_query_never_becomes_arguments(self):
        for query in ("foo", "-s", "?-s+-d+foo", "a+b+c", "--version", "%2ds"):
            r = self.server.get("/cgi-bin/args.py?" + query)
            self.assertEqual(r.text, "[]\n")

    def test_http_1_0_without_host(self):
        answer = self.server.raw(b"GET /cgi-bin/env.py HTTP/1.0\r\n\r\n")
        self.assertIn(b"\nSERVER_NAME=127.0.0.1\n", answer)
        self.assertIn(b"\nSERVER_PROTOCOL=HTTP/1.0\n", answer)
        self.assertNotIn(b"HTTP_HOST", answer)

    def test_absolute_form_is_shown_as_path(self):
        answer = self.server.raw(b"GET http://other.test/cgi-bin/env.py?x HTTP/1.1\r\nHost: a\r\n"
                                 b"Connection: close\r\n\r\n")
        self.assertIn(b"\nREQUEST_URI=/cgi-bin/env.py?x\n", answer)
        self.assertIn(b"\nSERVER_NAME=other.test\n", answer)

    def test_a_script_name_is_decoded_and_the_uri_is_not(self):
        put_script(self.server, "a b.py", SHOW)
        e = self.env("/cgi-bin/a%20b.py/%C3%A4?%20")
        self.assertEqual((e["SCRIPT_NAME"], e["PATH_INFO"], e["REQUEST_URI"], e["QUERY_STRING"]),
                         ("/cgi-bin/a b.py", "/\u00e4", "/cgi-bin/a%20b.py/%C3%A4?%20", "%20"))

    @harness.unittest.skipUnless(os.path.isdir("/proc/self/fd"), "needs /proc")
    def test_descriptors_are_0_1_and_2(self):
        put_script(self.server, "fds.py", PY + """
print("Content-Type: text/plain\\n")
for fd in sorted(os.listdir("/proc/self/fd"), key=int):
    try: print(fd, os.readlink("/proc/self/fd/" + fd))
    except OSError: pass
""")
        with self.server.connect():  # somebody else is there, too
            lines = self.server.get("/cgi-bin/fds.py").text.splitlines()
        self.assertEqual([line.split()[0] for line in lines], ["0", "1", "2"])
        self.assertEqual(lines[0], "0 /dev/null")
        self.assertTrue(all("pipe:" in line for line in lines[1:]))

    @harness.unittest.skipUnless(os.path.isdir("/proc/self/fd"), "needs /proc")
    def test_process_state_is_clean(self):
        put_script(self.server, "state.sh", SH + 'printf "Content-Type: text/plain\\n\\n"\n'
                   'pwd; umask; grep -E "^(Sig(Blk|Ign)|NoNewPrivs|Threads)" /proc/self/status\n'
                   'ulimit -n; ulimit -t; ps -o pgid= -p $$ | tr -d " "; echo $$\n')
        lines = self.server.get("/cgi-bin/state.sh").text.split("\n")
        self.assertEqual(lines[0], self.server.path("cgi-bin"))
        self.assertEqual(lines[1], "0022")
        status = dict(line.split(":\t") for line in lines[2:6])
        self.assertEqual({int(status["SigBlk"], 16), int(status["SigIgn"], 16)}, {0})
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertEqual(lines[6:8], ["256", "300"])
        self.assertEqual(lines[8], lines[9])  # a group of its own


class Hosts(CgiCase):
    SCRIPTS = {"env.py": SHOW}

    def test_the_name_of_the_server_is_the_hosts_own(self):
        conf = """
modules: { cgi = true; };
hosts = ( { names = [ "example.org", "*.example.org" ]; cgi: { root = "@DIR@/b"; }; },
          { names = [ "other.test" ]; cgi: { root = "@DIR@/b"; }; } );
"""
        with harness.Server(conf, {"b/.x": ""}) as server:
            put_script(server, "b/env.py", SHOW)
            for host, name in (("www.example.org:8080", "example.org"), ("EXAMPLE.org.", "example.org"),
                               ("other.test", "other.test")):
                e = variables(server.request("GET", "/env.py", host=host))
                self.assertEqual((e["SERVER_NAME"], e["HTTP_HOST"]), (name, host))


class Settings(CgiCase):
    SCRIPTS = {"env.py": SHOW}
    CGI = 'authorization = true; path_info = false; document_root = "/srv/www"; '

    def test_authorization_by_setting(self):
        e = variables(self.server.get("/cgi-bin/env.py", [("Authorization", "Basic eDp5")]))
        self.assertEqual(e["HTTP_AUTHORIZATION"], "Basic eDp5")
        self.assertEqual(e["DOCUMENT_ROOT"], "/srv/www")

    def test_path_info_can_be_off(self):
        self.assertEqual(self.server.get("/cgi-bin/env.py/x").status, 404)
        self.assertEqual(self.server.get("/cgi-bin/env.py/").status, 404)

    def test_computed_variables_cannot_be_set(self):
        for name in ("REMOTE_USER", "REMOTE_ADDR", "HTTP_HOST", "SCRIPT_FILENAME"):
            conf = self.server.write("bad.conf", 'modules: { cgi = true; };\n'
                                     'cgi: { environment: { %s = "x"; }; };\n' % name)
            result = harness.run_ostler("-t", "-c", conf)
            self.assertEqual(result.returncode, 78)
            self.assertIn("is computed for every request", result.stderr)

    def test_computed_variables_stay_when_path_does_not(self):
        conf = self.server.write("path.conf", 'modules: { cgi = true; };\n'
                                 'cgi: { environment: { PATH = "/opt/bin"; LANG = "C"; }; };\n')
        self.assertEqual(harness.run_ostler("-t", "-c", conf).returncode, 0)


SECRET = "the-source-itself"


class Source(CgiCase):
    """Scripts among other files: by extension and by execute bit."""
    FILES = {
        "www/index.html": "home\n",
        "www/plain.txt": "plain text\n",
        "www/app/page.py": SHOW + "# " + SECRET + "\n",
        "www/app/Upper.PY": "print('Content-Type: text/plain\\n\\nupper') # " + SECRET + "\n",
        "www/app/.hidden.py": "# " + SECRET + "\n",
        "www/app/picture.jpg": "<?php # " + SECRET + "\n",
        "www/app/index.py": "print('Content-Type: text/plain\\n\\nindex') # " + SECRET + "\n",
        "www/app/readme.txt": "readme\n",
        "www/pics/picture.jpg": "print('Content-Type: a/b\\n\\nrun')\n",
        "www/app/sub.py/inner.txt": "inner\n",
        "www/app/page.py.bak": "# " + SECRET + "\n",
        "www/app/page.py~": "# " + SECRET + "\n",
        "www/app/broken.py": "# " + SECRET + "\n",
    }
    MORE = """, { path = "/app/"; static: { index = [ "index.html", "index.py" ]; try = [ "/app/page.py" ]; };
                  cgi: { interpreters: { py = "%s"; }; }; },
                { path = "/pics/"; cgi: { interpreters: { py = "%s"; }; }; },
                { path = "/mixed/"; cgi: { executable = true; }; }""" % (shutil.which("python3"), shutil.which("python3"))

    def test_a_script_by_extension(self):
        e = variables(self.server.get("/app/page.py/info?x"))
        self.assertEqual((e["SCRIPT_NAME"], e["PATH_INFO"]), ("/app/page.py", "/info"))
        self.assertEqual(e["DOCUMENT_ROOT"], self.server.path("www"))
        self.assertEqual(e["PATH_TRANSLATED"], self.server.path("www/info"))

    def test_other_files_are_files(self):
        self.assertEqual(self.server.get("/app/readme.txt").text, "readme\n")
        self.assertEqual(self.server.get("/app/sub.py/inner.txt").text, "inner\n")
        self.assertEqual(self.server.get("/").text, "home\n")

    def test_an_index_may_be_a_script(self):
        self.assertEqual(self.server.get("/app/").text, "index\n")

    def test_what_try_finds_may_be_a_script(self):
        self.assertIn("SCRIPT_NAME=/app/page.py\n", self.server.get("/app/nothing/here").text)

    def test_the_extension_counts_in_any_case(self):
        self.assertEqual(self.server.get("/app/Upper.PY").text, "upper\n")

    def test_a_file_that_is_no_script_is_not_run_for_a_path_behind_it(self):
        for path in ("/pics/picture.jpg/x.py", "/pics/picture.jpg/page.py", "/plain.txt/page.py"):
            self.assertEqual(self.server.get(path).status, 404)

    def test_no_form_of_a_path_shows_the_source(self):
        names = ["page.py", "Upper.PY", "index.py", "broken.py", ".hidden.py", "page.py.bak", "page.py~"]
        forms = []
        for name in names:
            forms += [name, name + "/", name + "/x", name + "//", name + "/.", name + "/..;/",
                      name + "%20", name + ".", name + "%2e", name + "::$DATA", name + "%5c",
                      name + ";x", name + "?", name + "%3f", name.upper(), name.title(),
                      "./" + name, "x/../" + name, "/" + name, name.replace("p", "%70"),
                      name + "%2f", name + "/%2e", "%2e/" + name, name + "%23", name + ".gz"]
        kinds = (("GET", []), ("HEAD", []), ("POST", []), ("GET", [("Range", "bytes=0-")]),
                 ("GET", [("Accept-Encoding", "gzip, br")]), ("GET", [("If-None-Match", "x")]))
        for form in forms:
            for method, fields in kinds if form in names else kinds[:1]:
                answer = self.server.raw(b"%s /app/%s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n" % (
                    method.encode(), form.encode(), b"".join(
                        b"%s: %s\r\n" % (n.encode(), v.encode()) for n, v in fields)))
                self.assertNotIn(SECRET.encode(), answer, form)

    def test_the_source_is_not_sent_when_the_interpreter_is_gone(self):
        conf = """
modules: { cgi = true; };
static: { root = "@DIR@/www"; };
cgi: { interpreters: { py = "/no/such/python"; }; };
"""
        with harness.Server(conf, {"www/a.py": "# " + SECRET}) as server:
            r = server.get("/a.py")
            self.assertEqual(r.status, 500)
            self.assertNotIn(SECRET, r.text)
            server.log.wait_for('interpreter "/no/such/python" does not exist')
            os.chmod(server.path("www/a.py"), 0)
            r = server.get("/a.py")
            self.assertIn(r.status, (403, 500))
            self.assertNotIn(SECRET, r.text)

    def test_an_execute_bit_makes_a_script(self):
        put_script(self.server, "www/mixed/run", SH + "printf 'Content-Type: text/plain\\n\\nran\\n'\n")
        put_script(self.server, "www/mixed/data", "data\n", 0o644)
        self.assertEqual(self.server.get("/mixed/run").text, "ran\n")
        self.assertEqual(self.server.get("/mixed/data").text, "data\n")


class Responses(CgiCase):
    """Redirects, nph-, X-Sendfile, fields."""
    SCRIPTS = {"env.py": SHOW}
    FILES = {"www/index.html": "home\n", "www/target.txt": "target\n", "secret/file.txt": "0123456789",
             "secret/sub/a.html": "<p>", "outside.txt": "no\n"}
    CGI = 'sendfile = [ "@DIR@/secret" ];'

    def say(self, output, **request):
        return self.run_script(PY + "sys.stdin.buffer.read()\nsys.stdout.write(%r)\n" % output, "r.cgi", **request)

    def test_a_local_redirect_is_answered_here(self):
        r = self.say("Location: /target.txt\n\n")
        self.assertEqual((r.status, r.text), (200, "target\n"))
        r = self.say("Location: /cgi-bin/env.py/a%20b?q=1\n\n", method="POST", body=b"xyz",
                     fields=[("Content-Type", "a/b")])
        e = variables(r)
        self.assertEqual((e["REQUEST_METHOD"], e["PATH_INFO"], e["QUERY_STRING"]), ("GET", "/a b", "q=1"))
        self.assertNotIn("CONTENT_LENGTH", e)
        self.assertNotIn("CONTENT_TYPE", e)

    def test_ten_local_redirects_are_enough(self):
        r = self.say("Location: /cgi-bin/r.cgi\n\n")
        self.assertEqual(r.status, 500)

    def test_other_redirects_are_the_clients(self):
        for location in ("https://example.org/x", "//example.org/x", "relative", "/x#part"):
            r = self.say("Location: %s\n\n" % location)
            self.assertEqual((r.status, r["Location"]), (302, location))
        r = self.say("Status: 303 See Other\nLocation: /x\n\n")
        self.assertEqual((r.status, r["Location"]), (303, "/x"))

    def test_a_cookie_survives_a_local_redirect(self):
        r = self.say("Location: /target.txt\nSet-Cookie: a=b\n\n")
        self.assertEqual((r.text, r["Set-Cookie"]), ("target\n", "a=b"))

    def test_fields_of_one_hop_are_dropped(self):
        r = self.say("Content-Type: a/b\nConnection: upgrade\nKeep-Alive: x\nUpgrade: y\nX-Z: z\n\n")
        self.assertEqual(r["X-Z"], "z")
        for name in ("Keep-Alive", "Upgrade"):
            self.assertIsNone(r.get(name))
        self.assertEqual(r.all("Connection"), ["close"])  # ours

    def test_several_cookies_stay_several(self):
        r = self.say("Content-Type: a/b\nSet-Cookie: a=1\nSet-Cookie: b=2\n\n")
        self.assertEqual(r.all("Set-Cookie"), ["a=1", "b=2"])

    def test_its_own_content_length_frames_the_answer(self):
        r = self.say("Content-Type: a/b\nContent-Length: 5\n\nhello")
        self.assertEqual((r.text, r.framing), ("hello", "length"))
        r = self.say("Content-Type: a/b\nContent-Length: 0\n\n")
        self.assertEqual((r.text, r.framing), ("", "length"))
        r = self.say("Content-Type: a/b\nContent-Length: 5\n\n", method="HEAD")
        self.assertEqual(r["Content-Length"], "5")

    def test_nph_output_is_an_http_response(self):
        r = self.run_script(PY + "print('HTTP/1.1 203 Fine\\r\\nX-Y: z\\r\\n\\r\\nbody', end='')\n",
                            "nph-x.cgi")
        self.assertEqual((r.status, r["X-Y"], r.text, r.framing), (203, "z", "body", "chunked"))
        self.assertIsNotNone(r.get("Date"))
        r = self.run_script(PY + "print('Content-Type: a/b\\n\\n')\n", "nph-x.cgi")
        self.assertEqual(r.status, 502)

    def test_x_sendfile(self):
        secret = self.server.path("secret/file.txt")
        r = self.say("X-Sendfile: %s\nX-A: b\n\nignored" % secret)
        self.assertEqual((r.status, r.text, r["Content-Type"], r["X-A"]),
                         (200, "0123456789", "text/plain", "b"))
        self.assertIsNone(r.get("X-Sendfile"))
        r = self.say("X-Sendfile: %s\nContent-Type: x/y\n\n" % secret, fields=[("Range", "bytes=2-4")])
        self.assertEqual((r.status, r.text, r["Content-Type"], r["Content-Range"]),
                         (206, "234", "x/y", "bytes 2-4/10"))
        self.assertEqual(self.say("X-Sendfile: %s\n\n" % secret, method="HEAD")["Content-Length"], "10")

    def test_x_sendfile_stays_in_its_folders(self):
        for path in ("outside.txt", "secret/../outside.txt", "secret", "secret/none", "secret/sub",
                     "secret/./../outside.txt", "secretive"):
            r = self.say("X-Sendfile: %s\nSet-Cookie: x=y\n\n" % self.server.path(path).replace("\\", ""))
            self.assertEqual(r.status, 502, path)
            self.assertNotIn("no\n", r.text)
            self.assertIsNone(r.get("Set-Cookie"))
        self.assertEqual(self.say("X-Sendfile: file.txt\n\n").status, 502)

    def test_without_the_setting_x_sendfile_sends_nothing(self):
        conf = 'modules: { cgi = true; }; cgi: { root = "@DIR@/bin"; };'
        with harness.Server(conf, {"bin/x.cgi": ""}) as server:
            put_script(server, "bin/x.cgi", PY + "print('X-Sendfile: /etc/passwd\\n')\n")
            self.assertEqual(server.get("/x.cgi").status, 502)


@harness.unittest.skipUnless(PHP_CGI, "php-cgi is not installed")
class Php(CgiCase):
    FILES = {
        "www/index.html": "home\n",
        "www/p/info.php": "<?php header('X-P: 1'); echo $_SERVER['SCRIPT_NAME'], '|', "
                          "$_SERVER['PATH_INFO'] ?? '-', '|', $_GET['a'] ?? '-', '|', "
                          "$_SERVER['PHP_SELF'], '|', count($argv ?? []);\n",
        "www/p/post.php": "<?php echo $_POST['x'], '|', $_FILES['f']['name'] ?? '-', '|', "
                          "isset($_FILES['f']) ? md5_file($_FILES['f']['tmp_name']) : '-';\n",
        "www/p/status.php": "<?php http_response_code(404); echo 'gone';\n",
        "www/p/error.php": "<?php error_log('told you'); throw new Exception('bad');\n",
    }
    MORE = ', { path = "/p/"; cgi: { interpreters: { php = "%s"; }; index = [ "info.php" ]; }; }' % PHP_CGI

    def test_php(self):
        r = self.server.get("/p/info.php/more?a=7")
        self.assertEqual(r.text, "/p/info.php|/more|7|/p/info.php/more|0")
        self.assertEqual(r["X-P"], "1")
        self.assertTrue(self.server.get("/p/").text.startswith("/p/info.php|-|-|"))

    def test_the_query_cannot_steer_the_interpreter(self):
        for query in ("-s", "?-s+-d+foo", "-d+allow_url_include%3don", "-T+1", "-h", "%2ds"):
            r = self.server.get("/p/info.php?" + query)
            self.assertTrue(r.text.startswith("/p/info.php|"), r.text[:200])
            self.assertNotIn("header(", r.text)

    def test_post_and_upload(self):
        import hashlib
        data = os.urandom(200_000)
        body = (b'--B\r\nContent-Disposition: form-data; name="x"\r\n\r\nvalue\r\n--B\r\n'
                b'Content-Disposition: form-data; name="f"; filename="n.bin"\r\n'
                b'Content-Type: application/octet-stream\r\n\r\n' + data + b"\r\n--B--\r\n")
        r = self.server.request("POST", "/p/post.php", [("Content-Type", "multipart/form-data; boundary=B")], body)
        self.assertEqual(r.text, "value|n.bin|" + hashlib.md5(data).hexdigest())

    def test_status_and_errors(self):
        r = self.server.get("/p/status.php")
        self.assertEqual((r.status, r.text), (404, "gone"))
        self.server.get("/p/error.php")
        self.server.log.wait_for(r"cgi: /\S+/error\.php: stderr: .*told you")

    def test_php_cgi_itself_is_not_to_be_had(self):
        self.assertEqual(self.server.get("/cgi-bin/php-cgi").status, 404)


if __name__ == "__main__":
    harness.main()
