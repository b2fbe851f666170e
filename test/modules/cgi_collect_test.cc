// cgi_collect_test.cc - content of unknown length.
#include "modules/cgi_collect.h"

#include <unistd.h>

#include "test/modules/cgi_site.h"

using namespace ostler;

TEST_CASE("little stays in memory, more goes to a file without a name")
{
    for (const std::size_t size : {0u, 1u, 65'536u, 65'537u, 300'000u}) {
        CAPTURE(size);
        const std::string text(size, 'q');
        BytesBody body(text);
        const std::string folder = "/tmp";
        CgiCollector collector(body, folder);
        auto state = CgiCollector::State::more;
        while (state == CgiCollector::State::more) state = collector.collect();
        REQUIRE(state == CgiCollector::State::done);
        CHECK(collector.size() == size);
        const Fd file = collector.take_file();
        CHECK(static_cast<bool>(file) == (size > CgiCollector::most_in_memory));
        if (!file) {
            CHECK(collector.memory().take() == text);
            continue;
        }
        std::string read(size + 1, '\0');
        CHECK(::read(file.get(), read.data(), read.size()) == static_cast<ssize_t>(size));
        struct stat st {};
        REQUIRE(::fstat(file.get(), &st) == 0);
        CHECK(st.st_nlink == 0);
    }
}

TEST_CASE("a folder that takes no file is an error with its reason")
{
    const std::string text(100'000, 'q');
    BytesBody body(text);
    const std::string folder = "/no/such/folder";
    CgiCollector collector(body, folder);
    auto state = CgiCollector::State::more;
    while (state == CgiCollector::State::more) state = collector.collect();
    CHECK(state == CgiCollector::State::broken);
    CHECK(collector.error() == ENOENT);
}
