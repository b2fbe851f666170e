#!/usr/bin/env python3
# make_man.py - manual pages out of what the program says about itself.
#
#   python3 make_man.py OSTLER TEMPLATE PAGE
#
# A template is man(7) text with these lines in it:
#   @COMMANDS@   what `ostler -h` lists as ways to call it
#   @OPTIONS@    the options of `ostler -h`
#   @MODULES@    the modules of `ostler -m`
#   @SETTINGS@   a subsection for every group of `ostler -m`, a paragraph for every setting
# and these words anywhere: @VERSION@, @DATE@ (of SOURCE_DATE_EPOCH, or today), @CONFIG@.
import os
import re
import subprocess
import sys
import time


def ask(program, *args):
    done = subprocess.run([program, *args], stdout=subprocess.PIPE, universal_newlines=True,
                          check=True)
    return done.stdout


def escape(text):
    """Text as roff prints it: no escape, no control line, hyphens that can be copied."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    text = text.replace("~", "\\(ti").replace("^", "\\(ha").replace("…", "\\&...")
    return "\\&" + text if text.startswith(".") else text


def prose(text):
    """The same for a sentence: words set in `backquotes` are bold, hyphens are hyphens."""
    parts = re.split(r"`([^`]*)`", text)
    out = ""
    for i, part in enumerate(parts):
        clean = escape(part)
        if i % 2:
            out += "\\fB%s\\fR" % clean
        else:
            out += re.sub(r"(?<=[A-Za-z])\\-(?=[A-Za-z])", "-", clean)
    return out


# --- ostler -h ------------------------------------------------------------------------

ABOUT = 31  # the column of `ostler -h` where explanations begin


def help_entries(text, start):
    """(call, explanation) of the lines that begin with `start`, continuation lines joined."""
    entries = []
    for line in text.split("\n"):
        if line.startswith("  " + start):
            head, _, rest = re.sub(r" {2,}", "\0", line.strip(), count=1).partition("\0")
            # A call that fills its column has one space behind it.
            if not rest and line[ABOUT - 1:ABOUT] == " " and line[ABOUT:ABOUT + 1].islower():
                head, rest = line[:ABOUT].strip(), line[ABOUT:]
            entries.append([head, rest])
        elif entries and line.startswith("    ") and line.strip():
            entries[-1][1] = (entries[-1][1] + " " + line.strip()).strip()
        elif line.strip():
            if entries and not line.startswith("  "):
                break
    return entries


def option_markup(words):
    """Words to type bold, words to replace italic, brackets and bars as they are."""
    def word(match):
        text = match.group(0)
        if re.fullmatch(r"[A-Z][A-Z_]*", text):
            return "\\fI%s\\fR" % text
        return "\\fB%s\\fR" % escape(text)
    return re.sub(r"[A-Za-z0-9_=:?.-]+", word, words)


def commands(help_text):
    out = []
    for call, about in help_entries(help_text, "ostler"):
        out += [".TP", option_markup(call), prose(about[:1].upper() + about[1:]).rstrip(".") + "."]
    return out


def options(help_text):
    out = []
    for call, about in help_entries(help_text, "-"):
        out += [".TP", option_markup(call), prose(about[:1].upper() + about[1:]).rstrip(".") + "."]
    return out


# --- ostler -m ------------------------------------------------------------------------

def indent_of(line):
    return len(line) - len(line.lstrip(" "))


def read_settings(lines):
    """[(key, about, type, members)]; takes the lines of one indent and what is below them."""
    settings = []
    if not lines:
        return settings
    indent = indent_of(lines[0])
    while lines and indent_of(lines[0]) == indent:
        key, _, about = re.sub(r" {2,}", "\0", lines.pop(0).strip(), count=1).partition("\0")
        kind = lines.pop(0).strip()
        members = read_settings(lines) if lines and indent_of(lines[0]) > indent else []
        settings.append((key, about, kind, members))
    return settings


def show_settings(settings):
    out = []
    for key, about, kind, members in settings:
        kind, _, default = kind.partition("; default ")
        text = prose(about[:1].upper() + about[1:]).rstrip(".") + "."
        out += [".TP", "\\fB%s\\fR (%s)" % (escape(key), prose(kind)), text]
        if default:
            out.append("Default: \\fB%s\\fR." % escape(default))
        if members:
            out += [".RS"] + show_settings(members) + [".RE"]
    return out


def group_names(table):
    return re.findall(r"(?m)^  ([a-z_0-9]+) ", table)


def settings_of(program):
    """[(name, about, needs, settings)] of every group of the configuration."""
    groups = []
    for name in plain_first(ask(program, "-m")):
        head, *lines = [x for x in ask(program, "-m", name).split("\n") if x.strip()]
        needs = [x for x in lines if not x.startswith(" ")]
        about = head.partition(" - ")[2]
        groups.append((name, about, [x for x in needs if x.startswith("needs ")],
                       read_settings([x for x in lines if x.startswith(" ")])))
    return groups


def plain_first(table):
    """The groups that are no modules, then the modules."""
    modules, _, groups = table.partition("Other groups")
    return group_names(groups) + group_names(modules)


def all_settings(program):
    out = []
    for name, about, needs, settings in settings_of(program):
        out += [".SS " + name, prose(about[:1].upper() + about[1:]).rstrip(".") + "."]
        out += [prose(x[:1].upper() + x[1:]) + "." for x in needs]
        out += show_settings(settings)
    return out


def modules(program):
    table = ask(program, "-m").partition("Other groups")[0]
    out = []
    for name, on, about in re.findall(r"(?m)^  ([a-z_0-9]+) +(on|off) +(.*)$", table):
        text = prose(about[:1].upper() + about[1:]).rstrip(".")
        out += [".TP", "\\fB%s\\fR (%s by default)" % (escape(name), on), text + "."]
    return out


def main():
    program, template, page = sys.argv[1:]
    help_text = ask(program, "-h")
    blocks = {"@COMMANDS@": lambda: commands(help_text), "@OPTIONS@": lambda: options(help_text),
              "@MODULES@": lambda: modules(program), "@SETTINGS@": lambda: all_settings(program)}
    when = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())))
    config = re.search(r"(?m)^configuration: (.*)$", ask(program, "-V")).group(1)
    words = {"@VERSION@": ask(program, "-v").split()[1], "@DATE@": time.strftime("%Y-%m-%d", when),
             "@CONFIG@": escape(config), "@CONFDIR@": escape(os.path.dirname(config))}
    with open(template, encoding="utf-8") as lines, open(page, "w", encoding="utf-8") as out:
        for line in lines:
            line = line.rstrip("\n")
            for shown in blocks[line]() if line in blocks else [line]:
                for word, value in words.items():
                    shown = shown.replace(word, value)
                print(shown, file=out)


if __name__ == "__main__":
    main()
