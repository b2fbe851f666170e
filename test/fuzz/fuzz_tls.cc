// fuzz_tls.cc - what TLS reads by itself: the name in a hello, files in PEM, updates from the
// master.
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/check.h"
#include "server/tls_names.h"
#include "server/tls_pair.h"
#include "server/tls_update.h"

using namespace ostler;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::string_view name = read_server_name(input);
    CHECK_THAT(name.empty() || (name.data() > input.data() && input.ends_with(name)));
    CHECK_THAT(HostName(name).view().size() <= name.size());

    TlsUpdate update;
    if (decode_update(input, update)) CHECK_THAT(encode_update(update) == input);

    PairText text;
    const std::size_t half = size / 2;
    text.certificate = input.substr(0, half);
    text.key = input.substr(half);
    text.ocsp = input;
    PairFindings findings;
    const PairPtr pair = make_pair({"c", "k", "o"}, text, 0, findings);
    CHECK_THAT(pair || !findings.empty());
    return 0;
}
