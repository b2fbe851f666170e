// clients_test.cc - pools, limits and counters of one worker.
#include "server/clients.h"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "test/support/connection.h"
#include "test/support/file_limit.h"

using namespace ostler;
using namespace ostler::test;

namespace {

/// Writes down when it is closed.
class FakeClient final : public Client {
 public:
    FakeClient(Clients& clients, char name, std::string& closed)
        : clients_(clients), name_(name), closed_(closed)
    {
        clients.add(*this);
    }
    ~FakeClient() override { closed_ += name_; }
    bool close_if_idle() override
    {
        if (busy) return false;
        clients_.remove(*this);
        return true;
    }
    void wind_down() override { winding_down = true; }
    bool busy = false;
    bool winding_down = false;

 private:
    Clients& clients_;
    char name_;
    std::string& closed_;
};

}  // namespace

TEST_CASE("idle clients are closed oldest first, and only as many as asked")
{
    std::string closed;
    Rig rig;
    Clients& clients = rig.clients();
    std::vector<FakeClient*> c;
    for (char name : {'a', 'b', 'c', 'd'}) c.push_back(new FakeClient(clients, name, closed));
    clients.set_idle(*c[2]);
    clients.set_idle(*c[0]);
    clients.set_idle(*c[3]);
    clients.set_idle(*c[2]);  // used again meanwhile: the youngest now
    CHECK(clients.close_idle(2) == 2);
    CHECK(closed == "ad");
    CHECK(clients.count() == 2);
    CHECK(clients.close_idle(10) == 1);
    CHECK(closed == "adc");
    CHECK(clients.close_idle(10) == 0);
}

TEST_CASE("a client that turns out busy is passed over")
{
    std::string closed;
    Rig rig;
    auto* a = new FakeClient(rig.clients(), 'a', closed);
    auto* b = new FakeClient(rig.clients(), 'b', closed);
    rig.clients().set_idle(*a);
    rig.clients().set_idle(*b);
    a->busy = true;
    CHECK(rig.clients().close_idle(2) == 1);
    CHECK(closed == "b");
}

TEST_CASE("winding down tells everybody, those who come later learn it from the start")
{
    std::string closed;
    Rig rig;
    auto* busy = new FakeClient(rig.clients(), 'b', closed);
    auto* idle = new FakeClient(rig.clients(), 'i', closed);
    rig.clients().set_idle(*idle);
    CHECK_FALSE(rig.clients().winding_down());
    rig.clients().wind_down(false);
    CHECK(busy->winding_down);
    CHECK(idle->winding_down);
    CHECK(closed.empty());
    CHECK(rig.clients().winding_down());
    rig.clients().wind_down(true);
    CHECK(closed == "i");
    rig.clients().close_all();
    CHECK(closed == "ib");
    CHECK(rig.clients().count() == 0);
}

TEST_CASE("there is room up to the configured number")
{
    std::string closed;
    Rig rig;
    rig.configuration.server.connections = 2;
    Clients& clients = rig.clients();
    CHECK(clients.has_room());
    auto* a = new FakeClient(clients, 'a', closed);
    CHECK(clients.has_room());
    new FakeClient(clients, 'b', closed);
    CHECK_FALSE(clients.has_room());
    clients.remove(*a);
    CHECK(clients.has_room());
}

TEST_CASE("the limit of open files is a limit of connections, less those for other things")
{
    FileLimit limit(64);
    std::string closed;
    Rig rig;
    rig.configuration.server.connections = 4096;
    Clients& clients = rig.clients();
    std::size_t n = 0;
    for (; clients.has_room() && n < 100; ++n) new FakeClient(clients, '.', closed);
    CHECK(n > 16);
    CHECK(n <= 64 - 16);
}

TEST_CASE("request ids are twelve hexadecimal digits and do not repeat")
{
    Rig rig;
    std::set<std::string> seen;
    for (int i = 0; i < 10'000; ++i) {
        char text[12];
        const std::string id(rig.clients().make_request_id(text));
        CHECK(id.size() == 12);
        CHECK(id.find_first_not_of("0123456789abcdef") == std::string::npos);
        seen.insert(id);
    }
    CHECK(seen.size() == 10'000);
}

TEST_CASE("the date is that of the turn")
{
    Rig rig;
    const std::string first(rig.clients().date());
    CHECK(first.ends_with(" GMT"));
    CHECK(rig.clients().date() == first);
    rig.loop.skip(std::chrono::seconds(90));
    CHECK(rig.clients().date() != first);
}

TEST_CASE("an exchange's memory is used again for the next one")
{
    Rig rig;
    FakeStream stream;
    ExchangeSlot* first = rig.clients().take_slot();
    first->make(rig.loop, first->arena, rig.clients().router, stream);
    ExchangeSlot* second = rig.clients().take_slot();
    CHECK(second != first);
    second->make(rig.loop, second->arena, rig.clients().router, stream);
    rig.clients().return_slot(first);
    ExchangeSlot* third = rig.clients().take_slot();
    CHECK(third == first);
    third->make(rig.loop, third->arena, rig.clients().router, stream);
    rig.clients().return_slot(third);
    rig.clients().return_slot(second);
}
