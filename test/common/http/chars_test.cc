// chars_test.cc - classes of bytes, eight at a time.
#include "common/http/chars.h"

#include <doctest/doctest.h>

#include <string>

using namespace ostler;

TEST_CASE("the first control byte is found wherever it is and whatever surrounds it")
{
    for (std::size_t size = 0; size <= 24; ++size)
        for (std::size_t at = 0; at < size; ++at)
            for (int c = 0; c < 256; ++c)
                for (const char fill : {' ', '~', '\x80', '\xff', '!'}) {
                    std::string text(size, fill);
                    text[at] = static_cast<char>(c);
                    const char* const end = text.data() + size;
                    const bool control = c < 0x20 || c == 0x7f;
                    const char* const found = find_control(text.data(), end);
                    if (found != (control ? text.data() + at : end)) {
                        CAPTURE(size);
                        CAPTURE(at);
                        CAPTURE(c);
                        FAIL("wrong place");
                    }
                }
}

TEST_CASE("of two control bytes the first is found")
{
    for (std::size_t first = 0; first < 16; ++first)
        for (std::size_t second = first + 1; second < 17; ++second) {
            std::string text(17, ' ');
            text[first] = '\r';
            text[second] = '\x7f';
            CHECK(find_control(text.data(), text.data() + text.size()) == text.data() + first);
        }
}
