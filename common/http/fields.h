// fields.h - header fields in arrival order, with numbers for the well-known names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/base/arena.h"

namespace ostler {

/// The field names the server itself asks for or writes; everything else is `other`.
/// The order is the order of field_names in fields.cc.
enum class FieldId : std::uint8_t {
    other,
    accept,
    accept_encoding,
    accept_ranges,
    allow,
    authorization,
    cache_control,
    connection,
    content_encoding,
    content_length,
    content_location,
    content_range,
    content_type,
    cookie,
    date,
    etag,
    expect,
    expires,
    host,
    if_match,
    if_modified_since,
    if_none_match,
    if_range,
    if_unmodified_since,
    keep_alive,
    last_modified,
    location,
    proxy,
    range,
    referer,
    retry_after,
    server,
    set_cookie,
    te,
    trailer,
    transfer_encoding,
    upgrade,
    user_agent,
    vary,
    www_authenticate,
    x_content_type_options,
    x_forwarded_for,
};

/// The number of `name` (any case), or FieldId::other.
FieldId field_id(std::string_view name);
/// The name as it is usually written: "Content-Type".  Empty for `other`.
std::string_view field_name(FieldId id);

struct Field {
    std::string_view name;
    std::string_view value;
    FieldId id = FieldId::other;
};

/// Names compare without regard to case.  Views are not copied: they must live as long as
/// the arena's content (the arena itself, or constants).
class Fields {
 public:
    explicit Fields(Arena& arena) : arena_(&arena) {}

    void add(std::string_view name, std::string_view value) { add(name, value, field_id(name)); }
    void add(FieldId id, std::string_view value) { add(field_name(id), value, id); }
    void add(std::string_view name, std::string_view value, FieldId id);
    /// Replaces every field of that name by this one.
    void set(FieldId id, std::string_view value);
    void set(std::string_view name, std::string_view value);
    void remove(FieldId id);
    void remove(std::string_view name);

    /// The first value, or null: an empty value and an absent field are different things.
    const std::string_view* find(FieldId id) const;
    const std::string_view* find(std::string_view name) const;
    /// The first value; empty when absent.
    std::string_view get(FieldId id) const
    {
        const std::string_view* v = find(id);
        return v ? *v : std::string_view{};
    }
    std::string_view get(std::string_view name) const
    {
        const std::string_view* v = find(name);
        return v ? *v : std::string_view{};
    }
    std::size_t count(FieldId id) const;

    const Field* begin() const { return list_; }
    const Field* end() const { return list_ + size_; }
    std::size_t size() const { return size_; }
    void clear() { size_ = 0; }

 private:
    void replace(std::string_view name, std::string_view value, FieldId id);
    void remove_all(FieldId id, std::string_view name);

    Arena* arena_;
    Field* list_ = nullptr;   // in the arena; grows by doubling
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

/// True when the comma-separated list `value` has the element `token`, any case
/// (RFC 9110 section 5.6.1): has_token("keep-alive, Close", "close").
bool has_token(std::string_view value, std::string_view token);

/// True for a field name by RFC 9110 section 5.1: one or more tchar.
bool is_token(std::string_view text);
/// True for a field value without CR, LF, NUL and other controls (HTAB is allowed).
bool is_field_value(std::string_view text);

}  // namespace ostler
