// handover_test.cc - what one program writes another one reads, and nothing else.
#include "server/handover.h"

#include <doctest/doctest.h>

#include <string>

#include "common/base/text.h"

using namespace ostler;

namespace {

Handover sample()
{
    Handover h;
    h.pid = 812;
    h.generation = 3;
    h.clients = {9};
    h.workers = {{815, 0, 3, 7}, {816, 1, 2, 8}};
    h.sockets = {{true, 80, "*", {5, 6}},
                 {false, 0, "unix:/run/a b/http.sock", {4}},
                 {true, 8080, "fe80::1%eth0", {10}}};
    h.tickets = {11, 9000};
    return h;
}

}  // namespace

TEST_CASE("a handover is read as it was written")
{
    const std::string text = format_handover(sample());
    CHECK(text == "ostler-handover 1\npid 812\ngeneration 3\nclient 9\nworker 815 0 3 7\n"
                  "worker 816 1 2 8\nsocket ours 80 5,6 *\n"
                  "socket given 0 4 unix:/run/a b/http.sock\nsocket ours 8080 10 fe80::1%eth0\n"
                  "tickets 11 9000\n");
    const auto read = parse_handover(text);
    REQUIRE(read);
    CHECK(format_handover(*read) == text);
    CHECK(read->sockets[1].address == "unix:/run/a b/http.sock");
    CHECK_FALSE(read->sockets[1].ours);
    CHECK(read->fds() == std::vector<int>{9, 7, 8, 5, 6, 4, 10, 11});
}

TEST_CASE("a handover that another version wrote is refused")
{
    for (const char* text : {"", "ostler-handover 2\npid 1\n", "ostler-handover\n"}) {
        CAPTURE(text);
        CHECK(parse_handover(text).error() == "handover: of a version that is not known here");
    }
}

TEST_CASE("a line that is not understood is named")
{
    for (const char* line : {"pid",
                             "pid 0",
                             "pid -1",
                             "pid 1x",
                             "pid 99999999999",
                             "generation -1",
                             "client 2",
                             "client 1048577",
                             "client",
                             "worker 815 0 3",
                             "worker 815 0 3 7 8",
                             "worker 815 -1 3 7",
                             "socket",
                             "socket ours 80 *",
                             "socket mine 80 5 *",
                             "socket ours 65536 5 *",
                             "socket ours 80 5,2 *",
                             "socket ours 80 5 ",
                             "tickets 11",
                             "tickets 2 9000",
                             "tickets 11 -1",
                             "nonsense 1",
                             ""}) {
        CAPTURE(line);
        const auto read = parse_handover(cat("ostler-handover 1\npid 1\n", line, "\n"));
        CHECK(read.error() == cat("handover: not understood: ", line));
    }
}

TEST_CASE("a handover needs its pid, and each descriptor once")
{
    CHECK(parse_handover("ostler-handover 1\n").error() == "handover: no pid");
    CHECK(parse_handover("ostler-handover 1\npid 1\nclient 5\nworker 2 0 1 5\n").error() ==
          "handover: a descriptor is named twice");
    CHECK(parse_handover("ostler-handover 1\npid 1\nclient 5\ntickets 5 0\n").error() ==
          "handover: a descriptor is named twice");
    CHECK(parse_handover("ostler-handover 1\npid 1\ntickets 5 0\ntickets 6 0\n").error() ==
          "handover: not understood: tickets 6 0");
}
