// session_command.cc - lists, shows and ends sessions from the command line.
//
// Sessions are named by their handles; nobody can take a session over with what is printed here.
#include "modules/session_command.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "common/base/json.h"
#include "common/base/local_time.h"
#include "common/base/text.h"
#include "modules/session.h"

namespace ostler {

namespace {

constexpr std::size_t page = 500;
constexpr std::size_t purge_step = 1000;

void put(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

int complain(std::string_view text, int status)
{
    std::fflush(stdout);
    std::fprintf(stderr, "ostler: sessions: %.*s\n", static_cast<int>(text.size()), text.data());
    return status;
}

constexpr int ok = 0, failed = 1, usage = 2;

/// Asks and waits: nobody else needs this loop.
class Asker final : SessionQuery {
 public:
    explicit Asker(Loop& loop) : loop_(loop) {}
    SessionAnswer ask(SessionStore& store, SessionOrder order)
    {
        order.now = loop_.wall_seconds();
        store.ask(*this, std::move(order));
        while (is_pending()) loop_.turn();
        return std::move(answer_);
    }

 private:
    void answered(SessionAnswer& answer) override { answer_ = std::move(answer); }
    Loop& loop_;
    SessionAnswer answer_;
};

struct Command {
    Loop loop;
    std::vector<SessionStore*> stores;
    std::vector<std::string> words;
    bool json = false;
};

SessionOrder order_for(SessionOrder::Kind kind, std::string handle = {}, std::size_t most = 0)
{
    SessionOrder order;
    order.kind = kind;
    order.handle = std::move(handle);
    order.most = most;
    return order;
}

// --- what is printed -------------------------------------------------------------------------

std::string time_text(std::int64_t seconds)
{
    return std::string(std::string_view(local_time(seconds).date_time, 19));
}

/// Nothing that a terminal takes for a command.
std::string plain(std::string_view text, std::size_t most)
{
    std::string out;
    for (const char c : text.substr(0, most))
        out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f || (c & 0x80) ? '?' : c;
    return out;
}

std::string padded(std::string text, std::size_t width)
{
    if (text.size() < width) text.resize(width, ' ');
    return text;
}

std::string row(const SessionRecord& r)
{
    return cat(r.handle, "  ", time_text(r.created), "  ", time_text(r.seen), "  ",
               time_text(r.expires()), "  ", padded(cat(r.requests), 8), "  ",
               padded(plain(r.address, 45), 15), "  ", plain(r.agent, 60), '\n');
}

constexpr std::string_view heading =
    "ID                CREATED              LAST SEEN            EXPIRES              REQUESTS  "
    "ADDRESS          USER AGENT\n";

std::string json_of(const SessionRecord& r, bool with_values)
{
    std::string out = "{\"id\":";
    append_json_text(out, r.handle);
    append(out, ",\"created\":", r.created, ",\"seen\":", r.seen, ",\"expires\":", r.expires(),
           ",\"requests\":", r.requests, ",\"generation\":", r.generation, ",\"address\":");
    append_json_text(out, r.address);
    out += ",\"agent\":";
    append_json_text(out, r.agent);
    if (with_values) append(out, ",\"values\":", session_values_to_json(r.values));
    return out + '}';
}

std::string description(const SessionRecord& r)
{
    std::string out =
        cat("id          ", r.handle, "\ncreated     ", time_text(r.created), "\nlast seen   ",
            time_text(r.seen), "\nexpires     ", time_text(r.expires()), "\nat the end  ",
            time_text(r.ends), "\nrequests    ", r.requests, "\naddress     ", plain(r.address, 45),
            "\nuser agent  ", plain(r.agent, 200), "\nchanges     ", r.generation, "\n");
    for (const auto& [name, value] : r.values)
        append(out, "value       ", plain(name, most_session_name), " = ", plain(value, 1000),
               value.size() > 1000 ? cat(" … (", value.size(), " bytes)") : "", '\n');
    return out;
}

// --- the commands ----------------------------------------------------------------------------

int list(Command& c)
{
    Asker asker(c.loop);
    bool first = true;
    put(c.json ? "[" : heading);
    for (SessionStore* store : c.stores) {
        std::string behind;
        for (;;) {
            SessionAnswer answer =
                asker.ask(*store, order_for(SessionOrder::Kind::list, behind, page));
            if (answer.result != StoreResult::done) return failed;  // the store has said why
            for (const SessionRecord& r : answer.records) {
                if (c.json) put(first ? "\n" : ",\n");
                put(c.json ? json_of(r, false) : row(r));
                first = false;
            }
            if (answer.records.size() < page) break;
            behind = answer.records.back().handle;
        }
    }
    if (c.json) put("\n]\n");
    return ok;
}

int no_such_session(const std::string& handle)
{
    return complain(cat("there is no session ", plain(handle, 64)), failed);
}

int show(Command& c)
{
    Asker asker(c.loop);
    for (SessionStore* store : c.stores) {
        const SessionAnswer answer =
            asker.ask(*store, order_for(SessionOrder::Kind::find, c.words[1]));
        if (answer.result == StoreResult::absent) continue;
        if (answer.result != StoreResult::done) return failed;
        put(c.json ? json_of(answer.record, true) + '\n' : description(answer.record));
        return ok;
    }
    return no_such_session(c.words[1]);
}

int revoke(Command& c)
{
    Asker asker(c.loop);
    for (SessionStore* store : c.stores) {
        const SessionAnswer answer =
            asker.ask(*store, order_for(SessionOrder::Kind::destroy, c.words[1]));
        if (answer.result == StoreResult::absent) continue;
        if (answer.result != StoreResult::done) return failed;
        put(c.json ? "{\"revoked\":1}\n" : cat("session ", plain(c.words[1], 64), " has ended\n"));
        return ok;
    }
    return no_such_session(c.words[1]);
}

int purge(Command& c)
{
    Asker asker(c.loop);
    std::size_t removed = 0;
    for (SessionStore* store : c.stores) {
        for (;;) {
            const SessionAnswer answer =
                asker.ask(*store, order_for(SessionOrder::Kind::purge, {}, purge_step));
            if (answer.result != StoreResult::done) return failed;
            removed += answer.count;
            if (answer.count < purge_step) break;
        }
    }
    put(c.json ? cat("{\"removed\":", removed, "}\n")
               : cat(removed, " expired session", removed == 1 ? "" : "s", " removed\n"));
    return ok;
}

struct Verb {
    std::string_view name;
    std::size_t words;
    int (*run)(Command&);
};
constexpr Verb verbs[] = {
    {"list", 1, list}, {"show", 2, show}, {"revoke", 2, revoke}, {"purge", 1, purge}};

int run(std::span<const void* const> confs, std::span<const std::string> words, bool json)
{
    const std::string_view name = words.empty() ? std::string_view() : words[0];
    const auto* verb = std::find_if(std::begin(verbs), std::end(verbs),
                                    [&](const Verb& v) { return v.name == name; });
    if (verb == std::end(verbs) || words.size() != verb->words)
        return complain(cat("say ", session_command.usage), usage);
    if (confs.empty())
        return complain("the module is off in this configuration: set modules.session = true",
                        failed);
    Command c;
    c.words.assign(words.begin(), words.end());
    c.json = json;
    for (const void* conf : confs) {
        SessionStore& store =
            c.loop.resident<SessionStores>().get(static_cast<const SessionConf*>(conf)->store);
        if (std::find(c.stores.begin(), c.stores.end(), &store) == c.stores.end())
            c.stores.push_back(&store);
    }
    return verb->run(c);
}

}  // namespace

constexpr ModuleCommand session_command{.word = "sessions",
                                        .usage = "list | show ID | revoke ID | purge",
                                        .about = "who has a session, what is in it; its end",
                                        .run = run};

}  // namespace ostler
