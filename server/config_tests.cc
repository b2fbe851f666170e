// config_tests.cc - assertions in the configuration, read and run.
#include "server/config_tests.h"

#include <arpa/inet.h>

#include <algorithm>
#include <string_view>

#include "common/base/section.h"
#include "common/base/text.h"
#include "common/http/status.h"
#include "server/in_process.h"

namespace ostler {

namespace {

constexpr std::size_t longest_shown = 120;

bool is_address(const std::string& text)
{
    in6_addr room{};
    return text == "unix" || ::inet_pton(AF_INET, text.c_str(), &room) == 1 ||
           ::inet_pton(AF_INET6, text.c_str(), &room) == 1;
}

std::string shown(std::string_view value)
{
    const std::string_view part = value.substr(0, longest_shown);
    return cat('"', part, part.size() < value.size() ? "..." : "", '"');
}

/// One test under way: what it asked, what it got, and what it has to say about that.
class Judge {
 public:
    Judge(const ConfigTest& test, const Answered& answered, std::vector<Problem>& problems)
        : test_(test), answered_(answered), problems_(problems)
    {
    }

    void judge()
    {
        judge_status();
        if (!test_.location.empty()) judge_field("Location", test_.location, "location");
        for (const auto& [name, value] : test_.header) judge_field(name, value, "header");
        judge_content();
    }

 private:
    void judge_status()
    {
        const int got = to_int(answered_.status);
        if (got == test_.status) return;
        std::string text =
            cat("the status is ", got, ' ', phrase(answered_.status), ", not ", test_.status);
        if (!answered_.why.empty()) append(text, ": ", answered_.why);
        fail("status", text);
    }

    /// "*" is any value, "" no such field.
    void judge_field(std::string_view name, const std::string& wanted, const char* key)
    {
        std::vector<std::string_view> values;
        for (const auto& [n, v] : answered_.fields)
            if (same_ignoring_case(n, name)) values.push_back(v);
        if (wanted.empty() && !values.empty())
            return fail(key, cat(name, " is ", shown(values[0]), ", and should not be there"));
        if (wanted.empty() || std::find(values.begin(), values.end(), wanted) != values.end())
            return;
        if (values.empty()) return fail(key, cat("there is no ", name, " in the answer"));
        if (wanted == "*") return;
        std::string got;
        for (const std::string_view v : values) append(got, got.empty() ? "" : " and ", shown(v));
        fail(key, cat(name, " is ", got, ", not ", shown(wanted)));
    }

    void judge_content()
    {
        if (!answered_.complete && !answered_.cut)
            return fail("url", "the answer broke off before its end");
        for (const std::string& part : test_.body_contains)
            if (answered_.content.find(part) == std::string::npos)
                fail("body_contains",
                     cat("the content, ", answered_.content.size(), " bytes",
                         answered_.cut ? " and more" : "", ", does not contain ", shown(part)));
    }

    void fail(std::string_view key, const std::string& text)
    {
        const ConfigNode* node = test_.node.find(key);
        const SourcePlace& place = node ? node->value_place : test_.node.place;
        problems_.push_back(make_problem(Problem::Severity::error, place,
                                         cat("test ", test_.method, ' ', test_.url, ": ", text)));
    }

    const ConfigTest& test_;
    const Answered& answered_;
    std::vector<Problem>& problems_;
};

}  // namespace

void configure_test(ConfigTest& test, Section& s)
{
    Asked unused;
    if (!s.get("url", test.url, "what is asked for: \"/path\" or \"http://example.org/path\""))
        s.error("url", "is needed: what is to be asked for, such as url = \"/index.html\"");
    else if (!set_url(unused, test.url))
        s.error("url",
                cat("must be a path such as \"/x\" or a URL such as \"http://example.org/x\", "
                    "not \"",
                    test.url, '"'));
    s.get("method", test.method, "of the request");
    if (s.get("from", test.from, "address of the client") && !is_address(test.from))
        s.error("from",
                cat("must be a numeric address such as \"192.0.2.1\", not \"", test.from, '"'));
    s.get_map("headers", test.headers, "fields of the request");
    s.get("content", test.content, "content of the request");
    s.get("status", test.status, "expected status", 100, 599);
    s.get("location", test.location, "expected field Location; empty: whatever it is");
    s.get_map("header", test.header,
              "expected fields of the answer; \"*\": any value, \"\": no such field");
    s.get("body_contains", test.body_contains, "what the content of the answer must contain");
}

ConfigTestsRun run_config_tests(Configuration& configuration)
{
    ConfigTestsRun run;
    InProcess server(configuration);
    for (const ConfigTest& test : configuration.tests) {
        Asked asked;
        set_url(asked, test.url);
        asked.method = test.method;
        asked.from = test.from;
        asked.fields = test.headers;
        asked.content = test.content;
        for (const auto& [name, value] : test.headers)
            if (same_ignoring_case(name, "host")) asked.host = value;
        const Answered answered = server.ask(asked);
        const std::size_t before = run.problems.size();
        Judge(test, answered, run.problems).judge();
        ++run.all;
        if (run.problems.size() > before) ++run.failed;
    }
    return run;
}

}  // namespace ostler
