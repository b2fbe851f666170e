// tls_update_test.cc - from the master to a worker through a pipe.
#include "server/tls_update.h"

#include <doctest/doctest.h>

#include "test/server/tls_fixture.h"

using namespace ostler;
using namespace ostler::test;

namespace {

TlsUpdate sample()
{
    TlsUpdate u;
    u.files = {"/c", "/k", "/o"};
    u.text.certificate = "C";
    u.text.key = std::string("K\0K", 3);
    u.text.ocsp = "O";
    return u;
}

bool apply(Tls& tls, const TlsUpdate& update, std::string& why)
{
    const Fd pipe = pipe_with(encode_update(update));
    return pipe && apply_update(tls, pipe.get(), why);
}

}  // namespace

TEST_CASE("an update survives its way")
{
    TlsUpdate got;
    REQUIRE(decode_update(encode_update(sample()), got));
    CHECK(got.kind == TlsUpdate::Kind::pair);
    CHECK(got.files == PairFiles{"/c", "/k", "/o"});
    CHECK(got.text.key == std::string("K\0K", 3));
    CHECK(got.text.ocsp == "O");
}

TEST_CASE("what is cut, longer or of another kind is no update")
{
    const std::string whole = encode_update(sample());
    TlsUpdate got;
    for (std::size_t size = 0; size < whole.size(); ++size)
        CHECK_FALSE(decode_update(whole.substr(0, size), got));
    CHECK_FALSE(decode_update(whole + "x", got));
    CHECK_FALSE(decode_update("\x07" + whole.substr(1), got));
    std::string huge = whole;
    huge[1] = huge[2] = huge[3] = huge[4] = '\xff';
    CHECK_FALSE(decode_update(huge, got));
}

TEST_CASE("what no pipe takes at once is not sent at all")
{
    CHECK(pipe_with(std::string(60'000, 'x')));
    CHECK_FALSE(pipe_with(std::string(4 << 20, 'x')));
}

TEST_CASE("a worker takes a new pair, and new keys, and refuses the rest")
{
    const Scratch folder;
    const PairFiles files = write_pair(folder, "a", make_cert({}));
    std::string why;
    const auto tls = Tls::make({{{}, conf_with({load_pair(files)})}}, {}, why);
    REQUIRE(tls);

    TlsUpdate update;
    update.files = write_pair(folder, "a", make_cert({.name = "new.example"}));
    PairFindings findings;
    REQUIRE(read_pair(files, update.text, findings));
    REQUIRE_MESSAGE(apply(*tls, update, why), why);
    Client client;
    REQUIRE(client.shake(*tls));
    CHECK(client.shown() == "CN=new.example");

    update.text.key = make_cert({}).key_pem();
    CHECK_FALSE(apply(*tls, update, why));
    CHECK(why.find("is not the key of") != std::string::npos);

    TlsUpdate keys;
    keys.kind = TlsUpdate::Kind::ticket_keys;
    keys.keys = TicketKeys().encode();
    REQUIRE(apply(*tls, keys, why));
    CHECK(tls->keys.encode() == keys.keys);
    keys.keys.pop_back();
    CHECK_FALSE(apply(*tls, keys, why));
}
