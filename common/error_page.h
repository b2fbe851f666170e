// error_page.h - the pages ostler sends when nobody else has one.
#pragma once

namespace ostler {

class Exchange;

/// Makes response.body the standard page for response.status, with the request id and no byte
/// of the request; sets Content-Type and Cache-Control.  Leaves other fields alone.
void write_error_page(Exchange&);

}  // namespace ostler
