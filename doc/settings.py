#!/usr/bin/env python3
# settings.py - puts the tables of settings into the pages, as `ostler -m` tells them.
#
#   doc/settings.py OSTLER            brings the pages up to date
#   doc/settings.py OSTLER --check    says which are not, and fails
#
# A table stands between "<!-- settings: NAME -->" and "<!-- end of settings -->".
import glob
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
BLOCK = re.compile(r"(<!-- settings: (\w+) -->\n).*?(<!-- end of settings -->)", re.S)


def names(ostler):
    """Modules and groups of the configuration."""
    text = subprocess.run([ostler, "-m"], check=True, stdout=subprocess.PIPE,
                          universal_newlines=True).stdout
    return re.findall(r"^  (\w+) +\S", text, re.M)


def settings(ostler, name):
    """(key, about, type, range, default) of every setting; those in lists have "list.key"."""
    text = subprocess.run([ostler, "-m", name], check=True, stdout=subprocess.PIPE,
                          universal_newlines=True).stdout
    found, outer = [], []
    lines = text.splitlines()[1:]
    i = 0
    while i < len(lines):
        head = re.match(r"^( +)(\w+)  +(\S.*)$", lines[i])
        if not head or i + 1 == len(lines):
            i += 1
            continue
        indent = len(head.group(1))
        outer = [(n, key) for n, key in outer if n < indent]
        kind, _, default = lines[i + 1].strip().partition("; default ")
        kind, _, limits = kind.partition(", ")
        key = ".".join([key for _, key in outer] + [head.group(2)])
        found.append((key, head.group(3), kind, limits, default))
        outer.append((indent, head.group(2)))
        i += 2
    return found


def cell(text):
    return text.replace("|", "\\|").replace("<", "&lt;")


def table(ostler, name):
    rows = ["| setting | default | |", "|---|---|---|"]
    for key, about, kind, limits, default in settings(ostler, name):
        what = cell(about) + " (" + kind + (", " + cell(limits) if limits else "") + ")"
        rows.append("| `%s` | %s | %s |" % (key, "`%s`" % cell(default) if default else "", what))
    return "\n".join(rows) + "\n"


def complete(ostler, text):
    return BLOCK.sub(lambda m: m.group(1) + table(ostler, m.group(2)) + m.group(3), text)


def main():
    if len(sys.argv) < 2 or sys.argv[2:] not in ([], ["--check"]):
        sys.exit("usage: settings.py OSTLER [--check]")
    stale = []
    for page in sorted(glob.glob(os.path.join(HERE, "*.md"))):
        with open(page, encoding="utf-8") as file:
            before = file.read()
        after = complete(sys.argv[1], before)
        if after == before:
            continue
        stale.append(os.path.relpath(page))
        if "--check" not in sys.argv:
            with open(page, "w", encoding="utf-8") as file:
                file.write(after)
    if stale and "--check" in sys.argv:
        sys.exit("not as `ostler -m` has it: %s; run doc/settings.py" % ", ".join(stale))


if __name__ == "__main__":
    main()
