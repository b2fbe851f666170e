// h1_write.cc - status line and fields into one block of the arena.
#include "server/h1_write.h"

#include <charconv>
#include <cstring>

#include "common/base/check.h"

namespace ostler {

namespace {

/// Copies to a block whose size was computed before.
class Writer {
 public:
    explicit Writer(char* at) : at_(at) {}
    void put(std::string_view s)
    {
        std::memcpy(at_, s.data(), s.size());
        at_ += s.size();
    }
    void put_number(std::uint64_t n) { at_ = std::to_chars(at_, at_ + 20, n).ptr; }
    void field(std::string_view name, std::string_view value)
    {
        put(name);
        put(": ");
        put(value);
        put("\r\n");
    }
    char* at() const { return at_; }

 private:
    char* at_;
};

/// Framing and the connection belong to whoever carries the message.
bool is_ours_to_write(FieldId id)
{
    switch (id) {
    case FieldId::connection:
    case FieldId::content_length:
    case FieldId::date:
    case FieldId::keep_alive:
    case FieldId::server:
    case FieldId::te:
    case FieldId::trailer:
    case FieldId::transfer_encoding:
    case FieldId::upgrade: return true;
    default: return false;  // every other name is the module's
    }
}

bool is_sound(const Field& f)
{
    return (f.id != FieldId::other || is_token(f.name)) && is_field_value(f.value);
}

constexpr std::size_t fixed_room = 256;  // status line, names of our own fields, numbers, CRLFs

std::size_t room_for(const Response& response, const HeadFacts& facts)
{
    std::size_t room = fixed_room + phrase(response.status).size() + facts.date.size() +
                       facts.server.size() + facts.connection.size();
    for (const Field& f : response.fields) room += f.name.size() + f.value.size() + 4;
    return room;
}

}  // namespace

WrittenHead write_head(Arena& arena, const Response& response, const HeadFacts& facts)
{
    const std::size_t room = room_for(response, facts);
    char* start = static_cast<char*>(arena.allocate(room, 1));
    WrittenHead head;
    Writer w(start);
    w.put("HTTP/1.1 ");
    w.put_number(static_cast<std::uint64_t>(to_int(response.status)));
    w.put(" ");
    w.put(phrase(response.status));
    w.put("\r\n");
    if (!facts.server.empty()) w.field("Server", facts.server);
    if (!facts.date.empty()) w.field("Date", facts.date);
    for (const Field& f : response.fields) {
        if (is_ours_to_write(f.id)) continue;
        if (!is_sound(f)) {
            head.refused = &f;
            continue;
        }
        w.field(f.name, f.value);
    }
    if (facts.length) {
        w.put("Content-Length: ");
        w.put_number(*facts.length);
        w.put("\r\n");
    }
    if (facts.chunked) w.put("Transfer-Encoding: chunked\r\n");
    if (!facts.connection.empty()) w.field("Connection", facts.connection);
    w.put("\r\n");
    const auto size = static_cast<std::size_t>(w.at() - start);
    CHECK_THAT(size <= room);
    head.bytes = {start, size};
    return head;
}

}  // namespace ostler
