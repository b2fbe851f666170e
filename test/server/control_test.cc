// control_test.cc - the control socket, from the master's side.
#include "server/control.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "common/base/text.h"

using namespace ostler;

namespace {

struct Socket {
    Socket()
    {
        REQUIRE(mkdtemp(folder));
        path = cat(static_cast<const char*>(folder), "/s");
        std::string error;
        REQUIRE(control.open(path, error));
    }
    ~Socket()
    {
        control.close();
        rmdir(folder);
    }
    Fd connect_client() const
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.data(), path.size());
        Fd fd(socket(AF_UNIX, SOCK_STREAM, 0));
        REQUIRE(connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        return fd;
    }
    /// What serve() finds after poll(2) said that there is something.
    std::vector<Control::Request> serve()
    {
        std::vector<pollfd> fds;
        control.watch(fds);
        poll(fds.data(), static_cast<nfds_t>(fds.size()), 10'000);
        return control.serve();
    }
    char folder[32] = "/tmp/ostler-test-XXXXXX";
    std::string path;
    Control control;
};

void say(const Fd& fd, std::string_view text)
{
    REQUIRE(send(fd.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
}

std::string read_all(const Fd& fd)
{
    std::string all;
    char bytes[256];
    for (;;) {
        const ssize_t n = recv(fd.get(), bytes, sizeof bytes, 0);
        if (n <= 0) return all;
        all.append(bytes, static_cast<std::size_t>(n));
    }
}

}  // namespace

TEST_CASE("a command gets its answer and the connection ends")
{
    Socket s;
    const Fd client = s.connect_client();
    say(client, "status\n");
    const auto requests = s.serve();
    REQUIRE(requests.size() == 1);
    CHECK(requests[0].command == "status");
    s.control.answer(requests[0].client, 1, "no\n");
    CHECK(read_all(client) == "status 1\nno\n");
}

TEST_CASE("a command may come in pieces")
{
    Socket s;
    const Fd client = s.connect_client();
    say(client, "rel");
    CHECK(s.serve().empty());
    say(client, "oad\n");
    const auto requests = s.serve();
    REQUIRE(requests.size() == 1);
    CHECK(requests[0].command == "reload");
}

TEST_CASE("an answer may come much later, and others are served meanwhile")
{
    Socket s;
    const Fd slow = s.connect_client();
    say(slow, "reload\n");
    const auto first = s.serve();
    REQUIRE(first.size() == 1);
    const Fd quick = s.connect_client();
    say(quick, "status\n");
    const auto second = s.serve();
    REQUIRE(second.size() == 1);
    s.control.answer(second[0].client, 0, "fine\n");
    s.control.answer(first[0].client, 0, "done\n");
    s.control.serve();
    CHECK(read_all(quick) == "status 0\nfine\n");
    CHECK(read_all(slow) == "status 0\ndone\n");
}

TEST_CASE("a client that goes away is forgotten, and its answer is nobody's")
{
    Socket s;
    Fd client = s.connect_client();
    say(client, "reload\n");
    const auto requests = s.serve();
    REQUIRE(requests.size() == 1);
    client.reset();
    s.control.serve();
    std::vector<pollfd> fds;
    s.control.watch(fds);
    CHECK(fds.size() == 1);  // the listener alone
    s.control.answer(requests[0].client, 0, "done\n");
}

TEST_CASE("a line without an end is not read for ever")
{
    Socket s;
    const Fd client = s.connect_client();
    say(client, std::string(1000, 'x'));
    for (int i = 0; i < 20; ++i) CHECK(s.control.serve().empty());
    std::vector<pollfd> fds;
    s.control.watch(fds);
    CHECK(fds.size() == 1);
}

TEST_CASE("a long answer is sent piece by piece")
{
    Socket s;
    const Fd client = s.connect_client();
    say(client, "status\n");
    const auto requests = s.serve();
    REQUIRE(requests.size() == 1);
    const std::string text(3'000'000, 'x');
    s.control.answer(requests[0].client, 0, text);
    std::string got;
    char bytes[65536];
    while (got.size() < text.size() + 9) {
        s.control.serve();
        const ssize_t n = recv(client.get(), bytes, sizeof bytes, 0);
        REQUIRE(n > 0);
        got.append(bytes, static_cast<std::size_t>(n));
    }
    CHECK(got == "status 0\n" + text);
}

TEST_CASE("only its owner may use the socket, and it goes with its master")
{
    Socket s;
    struct stat info {};
    REQUIRE(stat(s.path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    s.control.close();
    CHECK(stat(s.path.c_str(), &info) != 0);
}

TEST_CASE("who waits for an answer still gets it after the socket has moved")
{
    Socket s;
    const Fd client = s.connect_client();
    say(client, "reload\n");
    const auto requests = s.serve();
    REQUIRE(requests.size() == 1);
    Control next;
    std::string error;
    REQUIRE(next.open(s.path + "2", error));
    s.control = std::move(next);
    CHECK(access(s.path.c_str(), F_OK) != 0);
    CHECK(access((s.path + "2").c_str(), F_OK) == 0);
    s.control.answer(requests[0].client, 0, "moved\n");
    s.control.serve();
    CHECK(read_all(client) == "status 0\nmoved\n");
}

TEST_CASE("a path that is too long is an error, not a shorter path")
{
    Control control;
    std::string error;
    CHECK(!control.open("/tmp/" + std::string(200, 'a'), error));
    CHECK(error.find("too long") != std::string::npos);
}
