// suggest.h - "did you mean": the word somebody probably wanted to type.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace ostler {

/// Insertions, deletions, replacements and swaps of neighbours that lead from `a` to `b`,
/// without regard to ASCII case.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate nearest to `word`; empty when none is near (a third of the letters may differ).
/// The first wins among equals.
std::string_view nearest_word(std::string_view word, std::span<const std::string_view> candidates);

/// `"a"`, `"a" or "b"`, `"a", "b" or "c"`.
std::string list_words(std::span<const std::string_view> words, std::string_view last = "or");

}  // namespace ostler
