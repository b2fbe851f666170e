// fuzz_chunked.cc - the chunked coding: whole and in pieces, decoded and encoded again.
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "common/base/check.h"
#include "common/http/chunked.h"
#include "test/fuzz/pieces.h"

using namespace ostler;
using Next = ChunkedDecoder::Next;

namespace {

struct Decoded {
    Next next = Next::more;
    std::string content;
    std::size_t used = 0;
    std::string_view why;
    bool operator==(const Decoded&) const = default;
};

/// Takes steps until `input` is used up or the body is over.
void feed(ChunkedDecoder& decoder, std::string_view input, Decoded& result)
{
    for (;;) {
        const auto step = decoder.step(input);
        CHECK_THAT(step.used <= input.size());
        CHECK_THAT(step.content.empty() == (step.next != Next::data));
        if (step.next == Next::data)
            CHECK_THAT(step.content.data() + step.content.size() == input.data() + step.used);
        if (step.next == Next::more) CHECK_THAT(step.used == input.size());
        result.next = step.next;
        result.used += step.used;
        result.content += step.content;
        if (step.next != Next::data) break;
        input.remove_prefix(step.used);
    }
    result.why = decoder.why();
    CHECK_THAT((result.next == Next::bad) == !result.why.empty());
}

Decoded decode(std::string_view input)
{
    Decoded result;
    ChunkedDecoder decoder;
    feed(decoder, input, result);
    return result;
}

template <class Cut> Decoded decode_cut(Cut cut)
{
    Decoded result;
    ChunkedDecoder decoder;
    while (!cut.empty() && result.next != Next::end && result.next != Next::bad)
        feed(decoder, cut.next(), result);
    return result;
}

std::string encode(std::string_view content)
{
    std::string out;
    for (fuzz::Pieces pieces(content); !pieces.empty();) {
        const std::string_view piece = pieces.next();
        char size[20];
        out.append(size, static_cast<std::size_t>(
                             std::snprintf(size, sizeof size, "%zx\r\n", piece.size())));
        out.append(piece).append("\r\n");
    }
    return out + "0\r\n\r\n";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const Decoded whole = decode(input);
    CHECK_THAT(whole == decode_cut(fuzz::Pieces(input)));
    CHECK_THAT(whole == decode_cut(fuzz::Bytes(input)));
    const std::string again = encode(whole.content);
    const Decoded repeated = decode(again);
    CHECK_THAT(repeated.next == Next::end && repeated.used == again.size());
    CHECK_THAT(repeated.content == whole.content);
    return 0;
}
