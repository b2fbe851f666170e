// accept_encoding.h - choice of a content coding (RFC 9110 section 12.5.3).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ostler {

/// Content codings the server can send, in the order it prefers them.
enum class Coding : unsigned char { br, zstd, gzip, identity };

constexpr std::size_t coding_count = 4;

/// The name in Content-Encoding; empty for identity.
std::string_view coding_name(Coding coding);

/// What an Accept-Encoding field says about the codings we know.
class AcceptedCodings {
 public:
    /// `value` is null when the request has no such field.  Elements that are none are skipped.
    explicit AcceptedCodings(const std::string_view* value);

    /// True when any coding but identity is welcome.
    bool any() const;
    /// The best one among `available`, a bit (1 << Coding) each; identity is always available.
    /// Nothing when the client refuses all of them.
    std::optional<Coding> choose(unsigned available) const;

 private:
    // Weights in thousandths; 0: acceptable, but anything else is better; -1: refused.
    std::array<int, coding_count> weights_;
};

constexpr unsigned coding_bit(Coding coding) { return 1u << static_cast<unsigned>(coding); }

}  // namespace ostler
