// result.h - a value or an error, with the names of C++23's std::expected.
#pragma once

#include <optional>
#include <utility>
#include <variant>

namespace ostler {

template <class E> struct Unexpected {
    E error;
};
template <class E> Unexpected(E) -> Unexpected<E>;

template <class T, class E> class [[nodiscard]] Result {
 public:
    Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
    Result(Unexpected<E> u) : content_(std::in_place_index<1>, std::move(u.error)) {}

    bool has_value() const { return content_.index() == 0; }
    explicit operator bool() const { return has_value(); }
    T& value() { return *std::get_if<0>(&content_); }
    const T& value() const { return *std::get_if<0>(&content_); }
    T& operator*() { return value(); }
    const T& operator*() const { return value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }
    const E& error() const { return *std::get_if<1>(&content_); }

 private:
    std::variant<T, E> content_;
};

}  // namespace ostler
