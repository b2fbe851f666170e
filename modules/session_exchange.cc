// session_exchange.cc - the life of a session within one exchange.
#include "modules/session_exchange.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "common/base/crypto.h"
#include "common/error_page.h"
#include "common/http/cookie.h"
#include "common/http/set_cookie.h"
#include "modules/session_tracker.h"

namespace ostler {

namespace {

constexpr std::size_t id_bytes = 24;
constexpr std::size_t id_size = 32;  // characters of base64url
constexpr std::size_t handle_bytes = 12;
constexpr std::size_t most_agent = 200;

std::int64_t seconds(SessionConf::Ms time)
{
    return std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::seconds>(time).count(),
                                  1);
}

/// Whose sessions are counted together: an address, of IPv6 the network that one customer gets.
std::string origin_of(std::string_view address)
{
    in6_addr six{};
    const std::string text(address.substr(0, address.find('%')));
    if (address.find(':') == address.npos || inet_pton(AF_INET6, text.c_str(), &six) != 1)
        return std::string(address);
    std::memset(six.s6_addr + 8, 0, 8);
    char network[INET6_ADDRSTRLEN];
    inet_ntop(AF_INET6, &six, network, sizeof network);
    return cat(static_cast<const char*>(network), "/64");
}

SessionKey key_of(std::string_view id) { return {sha256(id)}; }

/// The form of the ids we issue; nothing else is worth a look-up.
bool is_id(std::string_view text) { return text.size() == id_size && is_base64url(text); }

}  // namespace

void keep_from_shared_caches(Exchange& x)
{
    std::string all;
    for (const Field& f : x.response.fields)
        if (f.id == FieldId::cache_control) append(all, all.empty() ? "" : ", ", f.value);
    x.response.fields.set(FieldId::cache_control, x.arena.copy(private_cache_control(all)));
}

// --- before anybody asks ---------------------------------------------------------------------

Step ExchangeSession::load()
{
    Fields& fields = x_.request.fields;
    const std::array<std::string_view, 2> names = {conf_.secure_cookie, conf_.cookie};
    const CookieLookup found = find_cookie(fields, names[x_.request.peer.tls ? 0 : 1]);
    const bool usable = found.sent == CookieLookup::Sent::once && is_id(found.value);
    if (usable) key_ = key_of(found.value);
    // A field of this name would look like HTTP_SESSION to a script.
    fields.remove("Session");
    if (fields.find(FieldId::cookie)) remove_cookies(x_.arena, fields, names);
    if (!usable) {
        offer_variables();
        return Step::next;
    }
    SessionOrder order;
    order.kind = SessionOrder::Kind::load;
    order.key = key_;
    order.now = x_.loop.wall_seconds();
    state_ = State::loading;
    conf_.sessions->ask(*this, std::move(order));
    return Step::wait;
}

/// A store that confuses sessions must not hand one to somebody else.
bool ExchangeSession::is_ours(const SessionAnswer& answer) const
{
    const auto text = [](const SessionKey& key) {
        return std::string_view(reinterpret_cast<const char*>(key.hash.data()), key.hash.size());
    };
    return !answer.record.handle.empty() &&
           (conf_.grace.count() > 0 || same_secret(text(answer.record.key), text(key_)));
}

void ExchangeSession::answered(SessionAnswer& answer)
{
    switch (state_) {
    case State::loading: return loaded(answer);
    case State::creating:
    case State::saving:
    case State::destroying: saved(answer); return x_.resume(Step::next);
    case State::ready:
    case State::failed: return;
    }
}

void ExchangeSession::loaded(SessionAnswer& answer)
{
    state_ = State::ready;
    if (answer.result == StoreResult::unavailable || answer.result == StoreResult::nonsense)
        return x_.resume(store_failed());
    const std::int64_t now = x_.loop.wall_seconds();
    if (answer.result == StoreResult::done && is_ours(answer)) {
        SessionRecord& record = answer.record;
        conf_.tracker->complete(record);
        // This location may be stricter than the one where it was used last.
        const std::int64_t idle_until = record.seen + seconds(conf_.idle);
        if (std::min(idle_until, record.expires()) > now) {
            record_ = std::move(record);
            record_.idle_until = std::max(record_.idle_until, now + seconds(conf_.idle));
            conf_.tracker->note(activity());
            x_.set_log_variable("session", record_.handle);
        }
    }
    offer_variables();
    x_.resume(Step::next);
}

Step ExchangeSession::store_failed()
{
    state_ = State::failed;
    if (!conf_.fail_closed && conf_.require.empty()) return Step::next;
    x_.response.fields.set(FieldId::retry_after, "5");
    return x_.reply(Code::service_unavailable);
}

SessionActivity ExchangeSession::activity() const
{
    const std::int64_t now = x_.loop.wall_seconds();
    SessionActivity a;
    a.handle = record_.handle;
    a.requests = 1;
    a.seen = now;
    a.idle_until = now + seconds(conf_.idle);
    a.address = x_.request.peer.address;
    a.agent = x_.request.fields.get(FieldId::user_agent).substr(0, most_agent);
    return a;
}

void ExchangeSession::offer_variables()
{
    const auto offer = [this](std::string_view name, std::string_view value) {
        x_.set_script_variable(name, x_.arena.copy(value));
    };
    offer("HTTP_SESSION", encode_session_values(record_.values));
    offer("SESSION_JSON", session_values_to_json(record_.values));
    offer("SESSION_NEW", is_new() ? "1" : "0");
    if (is_new()) return;
    offer("SESSION_ID", record_.handle);
    offer("SESSION_EXPIRES", cat(record_.expires()));
}

// --- what the answer says --------------------------------------------------------------------

Step ExchangeSession::save(SessionWishes wishes)
{
    if (!wishes.complaint.empty())
        x_.log(Level::warn, "session: ", x_.request.path, ": ", wishes.complaint);
    if (failed()) {
        if (wishes.any() && conf_.fail_closed) answer_unavailable();
        return Step::next;
    }
    if (wishes.destroy) return destroy(wishes);
    SessionChanges changes;
    if (wishes.replacement) changes = session_differences(record_.values, *wishes.replacement);
    changes.insert(changes.end(), std::make_move_iterator(wishes.changes.begin()),
                   std::make_move_iterator(wishes.changes.end()));
    if (is_new()) {
        SessionValues values;
        apply_session_changes(values, changes);
        return values.empty() && !conf_.always ? Step::next : create(std::move(values));
    }
    const bool rotate = wishes.rotate || must_rotate(changes);
    return changes.empty() && !rotate ? Step::next : change(std::move(changes), rotate);
}

Step ExchangeSession::destroy(const SessionWishes& wishes)
{
    if (wishes.replacement || !wishes.changes.empty())
        x_.log(Level::warn, "session: ", x_.request.path,
               ": the session is destroyed: what else the answer stores in it is lost");
    if (is_new()) return Step::next;
    SessionOrder order;
    order.kind = SessionOrder::Kind::destroy;
    order.handle = record_.handle;
    conf_.tracker->forget(record_.handle);
    state_ = State::destroying;
    conf_.sessions->ask(*this, std::move(order));
    return Step::wait;
}

SessionKey ExchangeSession::new_id()
{
    id_ = random_text(id_bytes);
    return key_of(id_);
}

Step ExchangeSession::create(SessionValues values)
{
    const std::int64_t now = x_.loop.wall_seconds();
    // A word of the command line: `ostler sessions show -k...` would be an option.
    do record_.handle = random_text(handle_bytes);
    while (record_.handle.starts_with('-'));
    SessionActivity first = activity();
    SessionOrder order;
    order.kind = SessionOrder::Kind::create;
    order.now = now;
    order.most_of_origin = static_cast<std::size_t>(conf_.per_client);
    order.most_bytes = conf_.size;
    SessionRecord& r = order.record;
    r.handle = record_.handle;
    r.key = new_id();
    r.generation = 1;
    r.created = r.seen = now;
    r.idle_until = first.idle_until;
    r.ends = now + seconds(conf_.lifetime);
    r.requests = 1;
    r.origin = origin_of(x_.request.peer.address);
    r.address = std::move(first.address);
    r.agent = std::move(first.agent);
    r.values = std::move(values);
    state_ = State::creating;
    conf_.sessions->ask(*this, std::move(order));
    return Step::wait;
}

/// Who becomes somebody else gets a new id, so that one planted before is worth nothing.
bool ExchangeSession::must_rotate(const SessionChanges& changes) const
{
    return std::any_of(changes.begin(), changes.end(), [this](const SessionChange& change) {
        if (std::find(conf_.rotate_on.begin(), conf_.rotate_on.end(), change.name) ==
            conf_.rotate_on.end())
            return false;
        const std::string* before = find_session_value(record_.values, change.name);
        return change.value ? !before || *before != *change.value : before != nullptr;
    });
}

Step ExchangeSession::change(SessionChanges changes, bool rotate)
{
    SessionOrder order;
    order.kind = SessionOrder::Kind::save;
    order.now = x_.loop.wall_seconds();
    order.handle = record_.handle;
    order.changes = std::move(changes);
    order.most_bytes = conf_.size;
    if (rotate) {
        order.new_key = new_id();
        order.grace = std::chrono::ceil<std::chrono::seconds>(conf_.grace);
    }
    SessionActivity told;
    told.handle = record_.handle;
    conf_.tracker->take(told);
    if (told.requests > 0) order.activity.push_back(std::move(told));
    state_ = State::saving;
    conf_.sessions->ask(*this, std::move(order));
    return Step::wait;
}

void ExchangeSession::saved(const SessionAnswer& answer)
{
    const State what = std::exchange(state_, State::ready);
    switch (answer.result) {
    case StoreResult::done:
        if (what == State::destroying)
            set_cookie("");
        else if (!id_.empty())
            set_cookie(id_);
        return;
    case StoreResult::absent:
        // Somebody else ended it: that stays so, and the client hears of it.
        set_cookie("");
        return;
    case StoreResult::full: complain_of_many(); break;
    case StoreResult::too_large:
        x_.log(Level::error, "session: ", x_.request.path, ": the values are more than ",
               conf_.size, " bytes or ", most_session_values, " names (session.size): not stored");
        break;
    case StoreResult::unavailable:
    case StoreResult::nonsense: break;  // the store has logged it
    }
    if (conf_.fail_closed) answer_unavailable();
}

void ExchangeSession::complain_of_many() const
{
    std::uint64_t held_back = 0;
    if (!conf_.tracker->may_complain(held_back)) return;
    x_.log(Level::warn, "session: ", origin_of(x_.request.peer.address), " has ", conf_.per_client,
           " sessions: no more are made for it (session.per_client)",
           held_back > 0 ? cat("; ", held_back, " times since the last such line") : "");
}

/// An empty value takes the cookie away.
void ExchangeSession::set_cookie(std::string_view value)
{
    const bool tls = x_.request.peer.tls;
    SetCookie cookie;
    cookie.name = tls ? conf_.secure_cookie : conf_.cookie;
    cookie.value = value;
    cookie.path = "/";
    cookie.secure = tls;
    cookie.http_only = true;
    cookie.same_site = SameSite::lax;
    if (value.empty()) cookie.max_age = 0;
    const auto text = build_set_cookie(x_.arena, cookie);
    if (!text) return x_.log(Level::error, "session: the cookie ", text.error());
    x_.response.fields.add(FieldId::set_cookie, *text);
    keep_from_shared_caches(x_);
}

void ExchangeSession::answer_unavailable()
{
    x_.response.fields.clear();
    x_.response.body = nullptr;
    x_.response.content_length.reset();
    x_.response.fields.set(FieldId::retry_after, "5");
    x_.reply(Code::service_unavailable);
    write_error_page(x_);
}

}  // namespace ostler
