// generation_test.cc - what two configurations share, and what only one of them has.
#include "server/generation.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <string>

#include "common/base/text.h"

using namespace ostler;

namespace {

Generation generation(const std::string& listen)
{
    std::vector<Problem> problems;
    Generation g;
    g.configuration =
        load_configuration_text(cat("listen = ( ", listen, " );\n"), "test", "/", problems);
    REQUIRE(g.configuration);
    return g;
}

constexpr const char* any_port = "{ address = \"127.0.0.1\"; port = 0; }";

std::string loopback(int port)
{
    return cat("{ address = \"127.0.0.1\"; port = ", port, "; }");
}

}  // namespace

TEST_CASE("a reload keeps the sockets of addresses that stay")
{
    std::vector<std::string> errors;
    Generation old = generation(cat(any_port, ", ", any_port));
    REQUIRE(bind_generation(old, {}, errors));
    REQUIRE(old.bound.size() == 2);
    CHECK(old.bound[0]->port() != old.bound[1]->port());

    Generation next = generation(cat(any_port, ", ", any_port));
    REQUIRE(bind_generation(next, old.bound, errors));
    CHECK(next.bound == old.bound);
    CHECK(next.sockets[0].fd == old.sockets[0].fd);
    CHECK(next.sockets[0].spec == &next.configuration->listen[0]);
    CHECK(only_in(old.bound, next.bound).empty());
}

TEST_CASE("what is not listened on any more is known")
{
    std::vector<std::string> errors;
    Generation old = generation(cat(any_port, ", ", any_port));
    REQUIRE(bind_generation(old, {}, errors));
    Generation next = generation(any_port);
    REQUIRE(bind_generation(next, old.bound, errors));
    CHECK(only_in(old.bound, next.bound) == BoundSockets{old.bound[1]});
    CHECK(only_in(next.bound, old.bound).empty());
}

TEST_CASE("every address that cannot be bound is told, not the first one")
{
    std::vector<std::string> errors;
    const auto taken = bind_socket(generation(any_port).configuration->listen[0]);
    REQUIRE(taken);
    Generation next = generation(cat(loopback((*taken)->port()), ", ", any_port,
                                     ", { address = \"203.0.113.1\"; port = 1; }"));
    CHECK(!bind_generation(next, {}, errors));
    REQUIRE(errors.size() == 2);
    CHECK(errors[0].starts_with(cat("127.0.0.1:", (*taken)->port(), ": address")));
    CHECK(errors[1].starts_with("203.0.113.1:1: address not available"));
}

TEST_CASE("sockets handed over go where they are listened for; others are named and closed")
{
    Generation g = generation(any_port);
    const auto used = bind_socket(g.configuration->listen[0]);
    const auto unused = bind_socket(g.configuration->listen[0]);
    REQUIRE(used);
    REQUIRE(unused);
    Generation asked = generation(loopback((*used)->port()));
    std::vector<Fd> sockets;
    sockets.emplace_back(dup((*unused)->fds()[0].get()));
    sockets.emplace_back(dup((*used)->fds()[0].get()));
    const int fd = sockets[1].get();
    std::vector<std::string> left;
    const BoundSockets adopted = adopt(std::move(sockets), asked.configuration->listen, left);
    REQUIRE(adopted.size() == 1);
    CHECK(adopted[0]->fds()[0].get() == fd);
    CHECK(left == std::vector<std::string>{cat("127.0.0.1:", (*unused)->port())});

    std::vector<std::string> errors;
    REQUIRE(bind_generation(asked, adopted, errors));
    CHECK(asked.sockets[0].fd == fd);
}

TEST_CASE("logs that cannot be opened keep a generation from starting")
{
    std::vector<Problem> problems;
    std::vector<std::string> errors;
    Generation g;
    g.configuration = load_configuration_text(
        "server: { error_log = \"/nonexistent/folder/log\"; };", "test", "/", problems);
    REQUIRE(g.configuration);
    CHECK(!open_generation(g, errors));
    REQUIRE(errors.size() == 1);
    CHECK(errors[0].starts_with("server.error_log: "));
}
