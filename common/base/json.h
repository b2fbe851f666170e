// json.h - JSON text, piece by piece (RFC 8259): always valid, whatever the values are.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace ostler {

/// Appends `text` as a JSON string, quotes included.  A byte that is not UTF-8 becomes U+FFFD.
void append_json_text(std::string& out, std::string_view text);

/// Writes one document: commas and keys are its business, matching begin and end are the caller's.
class JsonWriter {
 public:
    explicit JsonWriter(std::string& out) : out_(out) {}

    JsonWriter& begin_object() { return open('{'); }
    JsonWriter& end_object() { return close('}'); }
    JsonWriter& begin_array() { return open('['); }
    JsonWriter& end_array() { return close(']'); }
    /// Before every value of an object.
    JsonWriter& key(std::string_view name);

    JsonWriter& value(std::string_view text);
    JsonWriter& value(const char* text) { return value(std::string_view(text)); }
    JsonWriter& value(bool truth);
    JsonWriter& value(double number);
    template <std::integral N>
    requires(!std::same_as<N, bool> && !std::same_as<N, char>) JsonWriter& value(N number)
    {
        separate();
        out_ += std::to_string(number);
        comma_ = true;
        return *this;
    }
    /// key() and value().
    template <class V> JsonWriter& member(std::string_view name, const V& v)
    {
        return key(name).value(v);
    }

 private:
    JsonWriter& open(char bracket);
    JsonWriter& close(char bracket);
    void separate();

    std::string& out_;
    bool comma_ = false;  // the next value or key stands behind another one
};

}  // namespace ostler
