// arena_test.cc - memory of one exchange.
#include "common/base/arena.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

using namespace ostler;

namespace {

struct Note {
    Note(std::vector<int>& to, int number) : log(to), n(number) {}
    ~Note() { log.push_back(n); }
    std::vector<int>& log;
    int n;
};

/// Allocates once more while it is destroyed, as a module that logs on cancellation does.
struct Greedy {
    Greedy(Arena& from, std::vector<int>& to) : arena(from), log(to) {}
    ~Greedy() { arena.make<Note>(log, 7); }
    Arena& arena;
    std::vector<int>& log;
};

bool is_aligned(const void* p, std::size_t to)
{
    return reinterpret_cast<std::uintptr_t>(p) % to == 0;
}

}  // namespace

TEST_CASE("every allocation is aligned as asked, also after odd sizes")
{
    Arena arena;
    for (std::size_t align : {1u, 2u, 4u, 8u, 16u, 64u, 256u}) {
        CAPTURE(align);
        arena.allocate(3, 1);
        CHECK(is_aligned(arena.allocate(5, align), align));
    }
}

TEST_CASE("allocations do not overlap, whatever their sizes")
{
    Arena arena;
    struct Piece { char* at; std::size_t size; char fill; };
    std::vector<Piece> pieces;
    const std::size_t sizes[] = {1, 7, 4000, 8000, 8192, 9, 100'000, 1, 8190, 16, 0};
    char fill = 'a';
    for (int round = 0; round < 3; ++round) {
        for (std::size_t size : sizes) {
            auto* at = static_cast<char*>(arena.allocate(size, 1));
            std::memset(at, fill, size);
            pieces.push_back({at, size, fill});
            fill = fill == 'z' ? 'a' : static_cast<char>(fill + 1);
        }
    }
    for (const Piece& p : pieces) CHECK(std::string(p.at, p.size) == std::string(p.size, p.fill));
}

TEST_CASE("reset destroys newest first, and only once")
{
    std::vector<int> log;
    {
        Arena arena;
        for (int i = 1; i <= 3; ++i) arena.make<Note>(log, i);
        arena.reset();
        CHECK(log == std::vector{3, 2, 1});
        arena.make<Note>(log, 4);
    }
    CHECK(log == std::vector{3, 2, 1, 4});
}

TEST_CASE("what a destructor makes in the arena is destroyed as well")
{
    std::vector<int> log;
    Arena arena;
    arena.make<Greedy>(arena, log);
    arena.reset();
    CHECK(log == std::vector{7});
}

TEST_CASE("a small exchange after another one gets the same block again")
{
    Arena arena;
    void* first = arena.allocate(100);
    arena.reset();
    CHECK(arena.allocate(100) == first);
    // A block that is larger than usual is not kept.
    arena.allocate(100'000);
    arena.reset();
    CHECK(arena.allocate(100) == first);
}

TEST_CASE("a copy is the text, and an empty one needs no memory")
{
    Arena arena;
    std::string text = "carry";
    const std::string_view copy = arena.copy(text);
    text[0] = 'm';
    CHECK(copy == "carry");
    CHECK(arena.copy("").empty());
}
