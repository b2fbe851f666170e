// accesslog_json_test.cc - JSON lines: every one valid, whatever the client sent.
#include <doctest/doctest.h>

#include <random>
#include <string>

#include "test/modules/accesslog_sample.h"

using namespace ostler;
using namespace ostler::test;

namespace {

/// RFC 8259, as strict as it is: finds out whether a text is one value and nothing else.
class Grammar {
 public:
    static bool is_valid(std::string_view text)
    {
        Grammar g(text);
        return g.value() && g.at_ == text.size();
    }

 private:
    explicit Grammar(std::string_view text) : text_(text) {}

    bool take(char c)
    {
        if (at_ == text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    bool word(std::string_view w)
    {
        if (text_.substr(at_, w.size()) != w) return false;
        at_ += w.size();
        return true;
    }
    bool number()
    {
        const std::size_t start = at_;
        take('-');
        while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
        return at_ > start && (at_ - start == 1 || text_[start] != '0');
    }
    bool string()
    {
        if (!take('"')) return false;
        while (at_ < text_.size() && text_[at_] != '"') {
            const std::size_t n = utf8_length(text_.substr(at_));
            if (n == 0 || static_cast<unsigned char>(text_[at_]) < 0x20) return false;
            if (text_[at_] != '\\') {
                at_ += n;
                continue;
            }
            ++at_;
            if (take('u')) {
                for (int i = 0; i < 4; ++i, ++at_)
                    if (at_ == text_.size() || hex_value(text_[at_]) < 0) return false;
            } else if (!take('"') && !take('\\')) {
                return false;
            }
        }
        return take('"');
    }
    bool object()
    {
        if (!take('{')) return false;
        do {
            if (!string() || !take(':') || !value()) return false;
        } while (take(','));
        return take('}');
    }
    bool value()
    {
        if (at_ == text_.size()) return false;
        if (text_[at_] == '{') return object();
        if (text_[at_] == '"') return string();
        return word("true") || word("false") || word("null") || number();
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace

TEST_CASE("a line of JSON has every field")
{
    Sample s;
    const std::string line = s.line("json");
    CHECK(line ==
          R"({"time":"2026-11-22T17:03:09.793+01:00","client":"203.0.113.5","method":"GET",)"
          R"("host":"example.org","target":"/x?y=1","protocol":"HTTP/1.1","status":200,)"
          R"("bytes":512,"duration_us":1234,"referer":"ref","user_agent":"ua",)"
          R"("request_id":"7f3a91","complete":true})");
    CHECK(Grammar::is_valid(line));
}

TEST_CASE("what is not known is null")
{
    Sample s;
    s.x.request.target = s.x.request.id = s.x.request.host = {};
    s.x.request.peer.address = {};
    s.x.request.fields.clear();
    s.x.traffic.complete = false;
    s.x.traffic.sent = 0;
    const std::string line = s.line("json");
    CHECK(line == R"({"time":"2026-11-22T17:03:09.793+01:00","client":null,"method":null,)"
                  R"("host":null,"target":null,"protocol":null,"status":499,)"
                  R"("bytes":512,"duration_us":1234,"referer":null,"user_agent":null,)"
                  R"("request_id":null,"complete":false})");
    CHECK(Grammar::is_valid(line));
}

TEST_CASE("log variables of modules come last; of one name the newest counts")
{
    Sample s;
    s.x.set_log_variable("cgi_cpu", "old");
    s.x.set_log_variable("session", "a\"b");
    s.x.set_log_variable("cgi_cpu", "12");
    const std::string line = s.line("json");
    CHECK(line.ends_with(R"("complete":true,"variables":{"cgi_cpu":"12","session":"a\"b"}})"));
    CHECK(Grammar::is_valid(line));
}

TEST_CASE("whatever bytes a client sends, the line is valid JSON and one line")
{
    std::mt19937 random(1);  // the same bytes in every run
    std::uniform_int_distribution<int> any(0, 255), length(1, 60);
    const auto bytes = [&] {
        std::string text(static_cast<std::size_t>(length(random)), ' ');
        for (char& c : text) c = static_cast<char>(any(random));
        return text;
    };
    for (int i = 0; i < 500; ++i) {
        const std::string target = bytes(), agent = bytes(), referer = bytes(), value = bytes();
        Sample s;
        s.x.request.target = target;
        s.x.request.fields.set(FieldId::user_agent, agent);
        s.x.request.fields.set(FieldId::referer, referer);
        s.x.request.host = value;
        s.x.set_log_variable(value, value);
        const std::string line = s.line("json");
        CHECK_MESSAGE(Grammar::is_valid(line), line);
        CHECK(line.find('\n') == std::string::npos);
    }
}

TEST_CASE("values without end leave the line valid")
{
    for (const char* piece : {"x", "\"", "\x01", "\xff", "\xe2\x82\xac"}) {
        CAPTURE(piece);
        std::string endless;
        while (endless.size() < 60'000) endless += piece;
        Sample s;
        Request& r = s.x.request;
        r.method_name = r.target = r.host = r.id = r.peer.address = endless;
        r.fields.set(FieldId::user_agent, endless);
        r.fields.set(FieldId::referer, endless);
        for (const char* name : {"a", "b", "c", "d"})
            for (int i = 0; i < 10; ++i) s.x.set_log_variable(s.arena.copy(cat(name, i)), endless);
        s.x.set_log_variable(endless, endless);
        const std::string line = s.line("json");
        CHECK(Grammar::is_valid(line));
        CHECK(line.size() < access_line_size);
    }
}
