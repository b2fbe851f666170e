// tls_update.cc - strings with their lengths, through a pipe.
#include "server/tls_update.h"

#include <openssl/crypto.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <ctime>

#include "common/base/platform.h"
#include "server/tls.h"

namespace ostler {

namespace {

constexpr std::size_t largest_update = 1 << 20;
using Size = std::uint32_t;

void put(std::string& to, std::string_view part)
{
    const auto size = static_cast<Size>(part.size());
    to.append(reinterpret_cast<const char*>(&size), sizeof size);
    to += part;
}

bool take(std::string_view& from, std::string& part)
{
    Size size = 0;
    if (from.size() < sizeof size) return false;
    std::memcpy(&size, from.data(), sizeof size);
    from.remove_prefix(sizeof size);
    if (from.size() < size) return false;
    part = from.substr(0, size);
    from.remove_prefix(size);
    return true;
}

/// Both directions go through the same list.
template <class Update> auto parts_of(Update& u)
{
    return std::array{&u.files.certificate, &u.files.key, &u.files.ocsp, &u.text.certificate,
                      &u.text.key,          &u.text.ocsp, &u.keys};
}

}  // namespace

std::string encode_update(const TlsUpdate& update)
{
    std::size_t size = 1;
    for (const std::string* part : parts_of(update)) size += sizeof(Size) + part->size();
    std::string bytes;
    bytes.reserve(size);  // growing would leave copies of keys behind
    bytes += static_cast<char>(update.kind);
    for (const std::string* part : parts_of(update)) put(bytes, *part);
    return bytes;
}

bool decode_update(std::string_view bytes, TlsUpdate& update)
{
    if (bytes.empty() || bytes[0] > static_cast<char>(TlsUpdate::Kind::ticket_keys)) return false;
    update.kind = static_cast<TlsUpdate::Kind>(bytes[0]);
    bytes.remove_prefix(1);
    for (std::string* part : parts_of(update))
        if (!take(bytes, *part)) return false;
    return bytes.empty();
}

void wipe(std::string& bytes) { OPENSSL_cleanse(bytes.data(), bytes.size()); }

Fd pipe_with(std::string_view bytes)
{
    Fd reader, writer;
    if (!open_pipe(reader, writer)) return {};
    while (!bytes.empty()) {
        const ssize_t n = ::write(writer.get(), bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return {};
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return reader;
}

bool apply_update(Tls& tls, int pipe, std::string& why)
{
    std::string bytes(largest_update, '\0');
    std::size_t size = 0;
    for (;;) {
        const ssize_t n = ::read(pipe, bytes.data() + size, bytes.size() - size);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        size += static_cast<std::size_t>(n);
    }
    TlsUpdate update;
    const bool sound = decode_update({bytes.data(), size}, update);
    wipe(bytes);
    bool done = false;
    why = "not a message of the master's";
    if (sound && update.kind == TlsUpdate::Kind::ticket_keys) {
        done = tls.keys.decode(update.keys);
        wipe(update.keys);
    } else if (sound) {
        PairFindings findings;
        const PairPtr pair = make_pair(update.files, update.text, std::time(nullptr), findings);
        if (pair)
            done = tls.replace(pair, why);
        else if (!findings.empty())
            why = findings.front().text;
    }
    return done;
}

}  // namespace ostler
