// fields.cc - header fields in arrival order.
#include "common/http/fields.h"

#include <algorithm>
#include <array>
#include <memory>
#include <new>

#include "common/base/text.h"
#include "common/http/chars.h"

namespace ostler {

namespace {

/// In the order of FieldId.
constexpr std::array<std::string_view, 42> field_names = {
    "",
    "Accept",
    "Accept-Encoding",
    "Accept-Ranges",
    "Allow",
    "Authorization",
    "Cache-Control",
    "Connection",
    "Content-Encoding",
    "Content-Length",
    "Content-Location",
    "Content-Range",
    "Content-Type",
    "Cookie",
    "Date",
    "ETag",
    "Expect",
    "Expires",
    "Host",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
    "Keep-Alive",
    "Last-Modified",
    "Location",
    "Proxy",
    "Range",
    "Referer",
    "Retry-After",
    "Server",
    "Set-Cookie",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "User-Agent",
    "Vary",
    "WWW-Authenticate",
    "X-Content-Type-Options",
    "X-Forwarded-For",
};
static_assert(field_names.size() == static_cast<std::size_t>(FieldId::x_forwarded_for) + 1);

// A perfect hash over length, first, middle and last letter.  Its multiplier is searched for
// by the compiler, so that a name can be added without thinking about it.
constexpr std::size_t slots = 256;

constexpr std::size_t slot_of(std::string_view name, std::uint32_t multiplier)
{
    const auto at = [name](std::size_t i) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>(name[i]) | 0x20);
    };
    const std::uint32_t key = at(0) | at(name.size() / 2) << 8 | at(name.size() - 1) << 16 |
                              static_cast<std::uint32_t>(name.size()) << 24;
    return static_cast<std::uint32_t>(key * multiplier) >> 24;
}

constexpr bool is_perfect(std::uint32_t multiplier)
{
    std::array<bool, slots> taken{};
    for (std::size_t i = 1; i < field_names.size(); ++i) {
        bool& slot = taken[slot_of(field_names[i], multiplier)];
        if (slot) return false;
        slot = true;
    }
    return true;
}

constexpr std::uint32_t find_multiplier()
{
    std::uint32_t m = 0x9e3779b1u;
    while (!is_perfect(m)) m = m * 1664525u + 1013904223u;
    return m;
}
constexpr std::uint32_t multiplier = find_multiplier();

constexpr std::array<std::uint8_t, slots> make_slots()
{
    std::array<std::uint8_t, slots> ids{};
    for (std::size_t i = 1; i < field_names.size(); ++i)
        ids[slot_of(field_names[i], multiplier)] = static_cast<std::uint8_t>(i);
    return ids;
}
constexpr std::array<std::uint8_t, slots> slot_ids = make_slots();

constexpr std::size_t first_capacity = 16;

bool matches(const Field& field, FieldId id, std::string_view name)
{
    if (field.id != id) return false;
    return id != FieldId::other || same_ignoring_case(field.name, name);
}

}  // namespace

FieldId field_id(std::string_view name)
{
    if (name.empty()) return FieldId::other;
    const std::uint8_t id = slot_ids[slot_of(name, multiplier)];
    // Most senders write a name as we do.
    const std::string_view known = field_names[id];
    return known == name || same_ignoring_case(known, name) ? static_cast<FieldId>(id)
                                                            : FieldId::other;
}

std::string_view field_name(FieldId id) { return field_names[static_cast<std::size_t>(id)]; }

void Fields::add(std::string_view name, std::string_view value, FieldId id)
{
    if (size_ == capacity_) {
        const std::size_t capacity = capacity_ ? capacity_ * 2 : first_capacity;
        auto* list =
            static_cast<Field*>(arena_->allocate(capacity * sizeof(Field), alignof(Field)));
        std::uninitialized_copy(list_, list_ + size_, list);
        list_ = list;
        capacity_ = capacity;
    }
    ::new (static_cast<void*>(list_ + size_)) Field{name, value, id};
    ++size_;
}

void Fields::set(FieldId id, std::string_view value)
{
    if (id != FieldId::other) replace(field_name(id), value, id);
}

void Fields::set(std::string_view name, std::string_view value)
{
    replace(name, value, field_id(name));
}

void Fields::replace(std::string_view name, std::string_view value, FieldId id)
{
    const auto same = [&](const Field& f) { return matches(f, id, name); };
    Field* const last = list_ + size_;
    Field* const first = std::find_if(list_, last, same);
    if (first == last) return add(name, value, id);
    *first = {name, value, id};
    size_ = static_cast<std::size_t>(std::remove_if(first + 1, last, same) - list_);
}

void Fields::remove(FieldId id)
{
    if (id != FieldId::other) remove_all(id, {});
}

void Fields::remove(std::string_view name) { remove_all(field_id(name), name); }

void Fields::remove_all(FieldId id, std::string_view name)
{
    const auto same = [&](const Field& f) { return matches(f, id, name); };
    size_ = static_cast<std::size_t>(std::remove_if(list_, list_ + size_, same) - list_);
}

const std::string_view* Fields::find(FieldId id) const
{
    if (id == FieldId::other) return nullptr;
    for (const Field& f : *this)
        if (f.id == id) return &f.value;
    return nullptr;
}

const std::string_view* Fields::find(std::string_view name) const
{
    const FieldId id = field_id(name);
    for (const Field& f : *this)
        if (matches(f, id, name)) return &f.value;
    return nullptr;
}

std::size_t Fields::count(FieldId id) const
{
    if (id == FieldId::other) return 0;
    return static_cast<std::size_t>(
        std::count_if(begin(), end(), [id](const Field& f) { return f.id == id; }));
}

bool has_token(std::string_view value, std::string_view token)
{
    for (;;) {
        const std::size_t comma = value.find(',');
        if (same_ignoring_case(trim(value.substr(0, comma)), token)) return !token.empty();
        if (comma == std::string_view::npos) return false;
        value.remove_prefix(comma + 1);
    }
}

bool is_token(std::string_view text)
{
    return !text.empty() && std::all_of(text.begin(), text.end(), is_tchar);
}

bool is_field_value(std::string_view text)
{
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return is_control(c) && c != '\t'; });
}

}  // namespace ostler
