// error_page.h - the pages ostler sends when nobody else has one.
#pragma once

#include <string_view>

namespace ostler {

class Exchange;

/// Makes response.body the standard page for response.status, with the request id and no byte
/// of the request; sets Content-Type and Cache-Control.  Leaves other fields alone.
/// `explanation`, a sentence in HTML, takes the place of the one that the status has.
void write_error_page(Exchange&, std::string_view explanation = {});

}  // namespace ostler
