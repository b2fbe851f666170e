// accesslog_sample.h - a request that is over, for the tests of the log formats.
#pragma once

#include <cstdlib>
#include <ctime>
#include <string>

#include "common/base/log_line.h"
#include "common/http/method.h"
#include "modules/accesslog.h"
#include "test/support/site.h"

namespace ostler::test {

/// 2026-11-22 17:03:09.793 in a zone an hour east of Greenwich.
constexpr std::int64_t sample_time_us = 1'795'363'389'793'000;

/// GET /x?y=1 from 203.0.113.5, answered with 512 bytes in 1.234 ms.
struct Sample {
    explicit Sample(std::vector<const Module*> modules = {}) : site(std::move(modules))
    {
        ::setenv("TZ", "CET-1", 1);
        ::tzset();
        Request& r = x.request;
        r.method = Method::get;
        r.method_name = "GET";
        r.target = "/x?y=1";
        r.raw_path = r.path = "/x";
        r.query = "y=1";
        r.has_query = true;
        r.host = "example.org";
        r.id = "7f3a91";
        r.peer.address = "203.0.113.5";
        r.peer.port = 4711;
        r.peer.local_address = "198.51.100.1";
        r.peer.local_port = 8080;
        r.fields.add("Referer", "ref");
        r.fields.add("User-Agent", "ua");
        x.start();
        x.response.status = Code::ok;
        x.traffic = {.started_us = sample_time_us,
                     .duration_us = 1234,
                     .received = 100,
                     .sent = 700,
                     .sent_body = 512,
                     .complete = true};
    }

    /// The line in `format`, without newline.
    std::string line(const std::string& format, bool colour = false)
    {
        std::string error;
        const auto compiled = compile_access_format(format, colour, error);
        REQUIRE_MESSAGE(compiled, error);
        return line(*compiled);
    }
    std::string line(const AccessFormat& format)
    {
        std::string memory(access_line_size, '#');
        LogLine line(memory.data(), memory.size());
        format.write(line, x);
        return std::string(line.view());
    }

    Site site;
    FakeStream stream;
    Loop loop;
    Arena arena;
    Exchange x{loop, arena, site, stream};
};

}  // namespace ostler::test
