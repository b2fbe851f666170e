// cgi_diagnosis_test.cc - scripts that cannot run, and what is said of them.
#include "modules/cgi_diagnosis.h"

#include <fcntl.h>

#include "common/base/fd.h"
#include "test/modules/cgi_site.h"

using namespace ostler;
using namespace ostler::test;

TEST_CASE("what is wrong with a script is found before it runs")
{
    struct Row {
        std::string text;
        mode_t mode;
        const char* interpreter;
        const char* problem;   // empty: nothing
        const char* remedy;
    };
    const std::string long_line = "#!/" + std::string(400, 'x');
    const Row rows[] = {
        {"#!/bin/sh\n", 0755, nullptr, "", ""},
        {"#! /bin/sh -e\n", 0755, nullptr, "", ""},
        {"#!/usr/bin/env sh\n", 0755, nullptr, "", ""},
        {"#!/usr/bin/env -S sh -e\n", 0755, nullptr, "", ""},
        {"#!/bin/sh", 0755, nullptr, "", ""},
        {std::string("\x7f""ELF\2", 5), 0755, nullptr, "", ""},
        {"anything", 0644, "/bin/sh", "", ""},
        {"anything", 0644, "/no/such", "\"/no/such\" does not exist", "cgi.interpreters"},
        {"anything", 0644, "/etc/passwd", "is not executable", "cgi.interpreters"},
        {"anything", 0646, "/bin/sh", "everybody may write it", "chmod o-w"},
        {"#!/bin/sh\n", 0644, nullptr, "not executable", "chmod +x"},
        {"#!/bin/sh\r\n", 0755, nullptr, "CR LF", "sed -i"},
        {"#!/no/such\n", 0755, nullptr, "\"/no/such\" does not exist", "install"},
        {"#!/etc/passwd\n", 0755, nullptr, "\"/etc/passwd\" is not executable", "install"},
        {"#!\n", 0755, nullptr, "names no interpreter", "#!/bin/sh"},
        {"#!python\n", 0755, nullptr, "not an absolute path", "whole path"},
        {"#!/usr/bin/env no-such-thing\n", 0755, nullptr, "not on the PATH", "cgi.environment.PATH"},
        {"\xef\xbb\xbf#!/bin/sh\n", 0755, nullptr, "byte order mark", "remove"},
        {"echo\n", 0755, nullptr, "no \"#!\" line", "cgi.interpreters"},
        {"", 0755, nullptr, "empty", "write"},
        {long_line, 0755, nullptr, "too long", "shorten"},
    };
    CgiSite site;
    for (const Row& row : rows) {
        CAPTURE(row.text);
        const std::string path = site.write("x", row.text, row.mode);
        const Fd fd(::open(path.c_str(), O_RDONLY));
        struct stat st {};
        REQUIRE(::fstat(fd.get(), &st) == 0);
        const Diagnosis d = diagnose_script(fd.get(), st, path.c_str(), row.interpreter, "/usr/bin:/bin");
        CHECK(static_cast<bool>(d) == (*row.problem != '\0'));
        CHECK(d.problem.find(row.problem) != std::string::npos);
        CHECK(d.remedy.find(row.remedy) != std::string::npos);
    }
}

TEST_CASE("the page about it has no markup of others in it")
{
    const std::string page = explain_page("/s/<b>.cgi", {"a & b", "\"c\""}, "<script>");
    CHECK(page.find("&lt;b&gt;.cgi") != std::string::npos);
    CHECK(page.find("a &amp; b") != std::string::npos);
    CHECK(page.find("&lt;script&gt;") != std::string::npos);
    CHECK(page.find("<script>") == std::string::npos);
}
