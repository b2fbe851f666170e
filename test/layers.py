#!/usr/bin/env python3
# layers.py - holds every #include to the layer table of ARCHITECTURE.md.
#
# `layers.py ROOT` first proves on made-up files that it notices what it should, then reads the
# tree.  A new outside library gets a line in LIBRARIES, which says where it may be seen.
import os
import re
import sys

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.M)
NEEDS = re.compile(r"\bneeds(?:\[\])?\s*=\s*\{([^}]*)\}")

# Who may include what of ours.  The first folder that matches a file decides; modules are
# judged by module_may_include().
LAYERS = (
    ("common/base/", ("common/base/",)),
    ("common/http/", ("common/base/", "common/http/")),
    ("common/", ("common/",)),
    ("server/", ("common/", "server/", "modules/table.h")),
)

# Outside libraries: the start of what stands in <>, and the only files that may name it.
LIBRARIES = (
    # alloc counts what libevent asks for; a store on the network has a transport of its own
    ("event2/", r"(common/base|server)/|test/alloc/|modules/session_redis_(link|tls)\.cc$"),
    ("hiredis/", r"modules/session_redis_(link|reply)\.cc$"),
    ("libconfig.h", r"common/base/config_tree\.cc$"),
    ("openssl/", r"modules/session_redis_tls\.cc$|common/base/crypto\.cc$|(test/)?server/tls\w*\.(cc|h)$|"
                 r"test/support/tls\w*\.h$"),
    ("nghttp2/", r"server/h2\w*\.(cc|h)$"),
    ("md4c.h", r"modules/autoindex_markdown\.cc$"),
    ("archive", r"modules/autoindex_archive\.cc$"),
    ("sqlite3.h", r"(test/)?modules/session_sqlite\w*\.(cc|h)$"),
    ("doctest/", r"test/"),
)


def module_of(path):
    """modules/cgi_env.h belongs to cgi; modules/session_store.cc to session."""
    return os.path.basename(path).split(".")[0].split("_")[0]


def module_may_include(path, target, needs):
    if target.startswith("common/"):
        return True
    return target.startswith("modules/") and (
        module_of(target) == module_of(path) or module_of(target) in needs.get(module_of(path), ()))


def declared_needs(files):
    """What each module names in its `needs`."""
    needs = {}
    for path, text in files.items():
        if path.startswith("modules/"):
            for names in NEEDS.findall(text):
                needs.setdefault(module_of(path), set()).update(re.findall(r'"(\w+)"', names))
    return needs


def complaint(path, quoted, target, files, needs):
    """Why `path` may not include `target`; None when it may."""
    if not quoted:
        for start, where in LIBRARIES:
            if target.startswith(start) and not re.match(where, path):
                return "the library <%s> has no business here" % target
        return None
    if path.startswith("test/"):
        return None
    if target not in files and "/" not in target:
        return '"%s" is not a path from the root of the project' % target
    if path.startswith("modules/"):
        if module_may_include(path, target, needs):
            return None
        return 'a module may not include "%s"' % target
    for folder, may in LAYERS:
        if path.startswith(folder):
            return None if target.startswith(may) else '%s may not include "%s"' % (folder, target)
    return "this folder is in no layer"


def check(files):
    """Complaints as "path:line: text", for {path: text}."""
    needs = declared_needs(files)
    found = []
    for path in sorted(files):
        for m in INCLUDE.finditer(files[path]):
            why = complaint(path, m.group(1) == '"', m.group(2), files, needs)
            if why:
                line = files[path].count("\n", 0, m.start()) + 1
                found.append("%s:%d: %s" % (path, line, why))
    return found


def read_tree(root):
    files = {}
    for top in ("common", "server", "modules", "test"):
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in names:
                if name.endswith((".cc", ".h", ".cc.in")):
                    path = os.path.join(folder, name)
                    with open(path, encoding="utf-8") as source:
                        files[os.path.relpath(path, root)] = source.read()
    return files


# One row a rule: where, what, and whether it is allowed.
ROWS = (
    ("common/base/a.cc", '"common/base/a.h"', True),
    ("common/base/a.cc", '"common/http/uri.h"', False),
    ("common/base/a.cc", '"common/exchange.h"', False),
    ("common/http/a.cc", '"common/base/a.h"', True),
    ("common/http/a.cc", '"common/module.h"', False),
    ("common/exchange.cc", '"common/http/uri.h"', True),
    ("common/exchange.cc", '"server/config.h"', False),
    ("common/exchange.cc", '"modules/table.h"', False),
    ("server/a.cc", '"modules/table.h"', True),
    ("server/a.cc", '"modules/cgi.h"', False),
    ("server/a.cc", '"server/b.h"', True),
    ("modules/a.cc", '"server/config.h"', False),
    ("modules/a.cc", '"common/exchange.h"', True),
    ("modules/a_b.cc", '"modules/a_c.h"', True),
    ("modules/a.cc", '"modules/b.h"', False),
    ("modules/c.cc", '"modules/b_store.h"', True),  # c.cc declares that it needs b
    ("modules/a.cc", '"a.h"', False),
    ("test/a_test.cc", '"server/config.h"', True),
    ("common/base/loop.cc", "<event2/event.h>", True),
    ("common/http/a.cc", "<event2/event.h>", False),
    ("modules/a.cc", "<event2/event.h>", False),
    ("test/alloc/a.cc", "<event2/event.h>", True),
    ("server/a.cc", "<libconfig.h>", False),
    ("server/a.cc", "<openssl/ssl.h>", False),
    ("server/tls.cc", "<openssl/ssl.h>", True),
    ("server/a.cc", "<nghttp2/nghttp2.h>", False),
    ("server/a.cc", "<vector>", True),
)


def check_rows():
    wrong = []
    for path, include, allowed in ROWS:
        files = {"modules/c.cc": 'constexpr std::string_view needs[] = {"b", "d"};\n'}
        files[path] = files.get(path, "") + "// a comment\n  #  include " + include + "\n"
        found = check(files)
        if (found == []) != allowed:
            wrong.append("self test: %s including %s: %s" % (path, include, found or "allowed"))
    return wrong


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: layers.py ROOT")
    files = read_tree(sys.argv[1])
    found = check_rows() + check(files)
    if len(files) < 10:
        found.append("only %d source files below %s: wrong folder?" % (len(files), sys.argv[1]))
    print("\n".join(found) or "%d files keep to their layers" % len(files))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
