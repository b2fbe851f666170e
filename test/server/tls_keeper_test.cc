// tls_keeper_test.cc - files that change, and keys that rotate; time is the test's.
#include "server/tls_keeper.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "common/base/log.h"
#include "common/base/log_sink.h"
#include "test/server/tls_fixture.h"

using namespace ostler;
using namespace ostler::test;

namespace {

/// The error log goes to a file while this lives.
class LogCapture {
 public:
    LogCapture()
    {
        std::string error;
        LogSink* const sink = LogSink::open(folder_.path("error.log"), error);
        REQUIRE(sink);
        set_error_log(*sink, Level::info);
    }
    ~LogCapture()
    {
        std::string error;
        set_error_log(*LogSink::open("stderr", error), Level::info);
    }
    int count(std::string_view part) const
    {
        LogSink::flush_all();
        const std::string text = folder_.read("error.log");
        int n = 0;
        for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++n;
        return n;
    }

 private:
    Scratch folder_;
};

struct Kept {
    Scratch folder;
    PairFiles files = write_pair(folder, "a", make_cert({}));
    std::shared_ptr<Tls> tls = make();
    std::shared_ptr<Tls> next;
    std::vector<TlsUpdate::Kind> sent;
    TlsKeeper keeper{[this](const TlsUpdate& u) { sent.push_back(u.kind); }};
    TlsKeeper::Time now = std::chrono::steady_clock::now();

    std::shared_ptr<Tls> make()
    {
        std::string error;
        auto made = Tls::make({{{}, conf_with({load_pair(files)})}}, {}, error);
        REQUIRE_MESSAGE(made, error);
        return made;
    }
    /// Half a second later.
    void tick(std::chrono::milliseconds later = std::chrono::milliseconds(500))
    {
        now += later;
        keeper.tick(now, now_s(), tls.get(), next.get());
    }
    /// Until the files are as old as it takes to tell their state from the next one.
    void age() const
    {
        const auto old = std::chrono::steady_clock::now() + std::chrono::milliseconds(25);
        while (std::chrono::steady_clock::now() < old) {
        }
    }
    std::string shown(const Tls& by)
    {
        Client client;
        REQUIRE(client.shake(by));
        return client.shown();
    }
    /// Both files in place of the old ones, as programs do it that know how.
    void install(const Made& made)
    {
        write_pair(folder, "fresh", made);
        std::filesystem::rename(folder.path("fresh.pem"), files.certificate);
        std::filesystem::rename(folder.path("fresh.key"), files.key);
    }
};

}  // namespace

TEST_CASE("a pair that changed serves, here, in the next generation and in the workers")
{
    Kept kept;
    kept.next = kept.make();
    kept.tick();
    CHECK(kept.sent.empty());
    kept.install(make_cert({.name = "new.example"}));
    kept.tick();
    REQUIRE(kept.sent.size() == 1);
    CHECK(kept.sent[0] == TlsUpdate::Kind::pair);
    CHECK(kept.shown(*kept.tls) == "CN=new.example");
    CHECK(kept.shown(*kept.next) == "CN=new.example");
    kept.tick();
    kept.tick();
    CHECK(kept.sent.size() == 1);
}

TEST_CASE("files that were only touched are nothing new")
{
    Kept kept;
    std::filesystem::last_write_time(kept.files.key, std::filesystem::file_time_type{});
    kept.tick();
    kept.tick();
    CHECK(kept.sent.empty());
}

TEST_CASE("a bad pair leaves the old one serving, and is told once")
{
    Kept kept;
    const Made fresh = make_cert({.name = "new.example"});
    LogCapture log;
    kept.folder.write("a.pem", fresh.pem());  // the key is still the old one
    kept.tick();
    kept.age();
    kept.tick();
    kept.tick();
    kept.tick();
    kept.tick();
    CHECK(kept.sent.empty());
    CHECK(kept.shown(*kept.tls) == "CN=localhost");
    CHECK(log.count("is not the key of") == 1);
    CHECK(log.count("the certificate from before goes on serving") == 1);
    kept.folder.write("a.key", fresh.key_pem());
    kept.tick();
    CHECK(kept.sent.size() == 1);
    CHECK(kept.shown(*kept.tls) == "CN=new.example");
}

TEST_CASE("a certificate that expired does not replace one that has not")
{
    Kept kept;
    kept.install(make_cert({.name = "old.example", .begin = 0, .end = 86400}));
    kept.tick();
    kept.tick();
    CHECK(kept.sent.empty());
    CHECK(kept.shown(*kept.tls) == "CN=localhost");
}

TEST_CASE("files that are gone leave the old pair serving")
{
    Kept kept;
    std::filesystem::remove(kept.files.key);
    kept.tick();
    kept.tick();
    CHECK(kept.sent.empty());
    CHECK(kept.shown(*kept.tls) == "CN=localhost");
    kept.install(make_cert({.name = "new.example"}));
    kept.tick();
    CHECK(kept.shown(*kept.tls) == "CN=new.example");
}

TEST_CASE("ticket keys rotate once in the time a session lasts, everywhere")
{
    Kept kept;
    kept.next = kept.make();
    const std::string before = kept.tls->keys.encode();
    kept.tick();
    kept.tick(std::chrono::hours(3));
    CHECK(kept.sent.empty());
    kept.tick(std::chrono::hours(1));
    REQUIRE(kept.sent.size() == 1);
    CHECK(kept.sent[0] == TlsUpdate::Kind::ticket_keys);
    CHECK(kept.tls->keys.encode() != before);
    CHECK(kept.next->keys.encode() == kept.tls->keys.encode());
}

TEST_CASE("ticket keys of another program rotate when they would have there")
{
    Kept kept;
    kept.tick();
    kept.tick(std::chrono::hours(3));
    CHECK(kept.keeper.keys_left(kept.now) == std::chrono::hours(1));
    Kept after;
    after.keeper.rotate_at(after.now + kept.keeper.keys_left(kept.now));
    after.tick(std::chrono::minutes(59));
    CHECK(after.sent.empty());
    after.tick(std::chrono::minutes(1));
    CHECK(after.sent.size() == 1);
    CHECK(after.keeper.keys_left(after.now) == std::chrono::hours(4));
    // The configuration may have been another: never longer than a session lasts by this one.
    after.keeper.rotate_at(after.now + std::chrono::hours(100));
    after.tick();
    CHECK(after.keeper.keys_left(after.now) == std::chrono::hours(4));
}

TEST_CASE("looks are rare enough for a server with many certificates")
{
    Kept kept;
    kept.tick();
    kept.install(make_cert({.name = "new.example"}));
    kept.tick(std::chrono::milliseconds(10));
    CHECK(kept.sent.empty());
    CHECK(kept.keeper.due() > kept.now);
    CHECK(kept.keeper.due() <= kept.now + std::chrono::milliseconds(500));
}
