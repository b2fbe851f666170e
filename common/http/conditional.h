// conditional.h - conditional requests (RFC 9110 section 13).
#pragma once

#include <cstdint>
#include <string_view>

#include "common/http/fields.h"
#include "common/http/method.h"

namespace ostler {

/// What the selected representation is compared by.
struct Validators {
    std::string_view etag;      ///< a strong entity tag with its quotes; empty: none is sent
    std::int64_t modified = 0;  ///< what Last-Modified says, seconds since 1970
    std::int64_t now = 0;       ///< what Date says
};

enum class Precondition : unsigned char {
    proceed,
    not_modified,  ///< 304
    failed,        ///< 412
};

/// Evaluates If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since for a
/// representation that exists, in the order of section 13.2.2.  Dates that are none are ignored;
/// an entity tag that is none matches nothing.
Precondition evaluate_preconditions(const Fields& fields, Method method, const Validators&);

/// True when a Range field may be honoured: there is no If-Range, or it matches by the strong
/// comparison (section 13.1.5).
bool if_range_holds(const Fields& fields, const Validators&);

}  // namespace ostler
