// static_site.h - the static module over a folder of its own, asked without a server.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "modules/static_conf.h"
#include "test/support/scratch.h"
#include "test/support/site.h"

namespace ostler {
extern const Module static_module;
}

namespace ostler::test {

using FieldList = std::vector<std::pair<std::string, std::string>>;

struct Answer {
    int status = 0;
    bool answered = false;
    std::string body;
    FieldList fields;
    std::string path;  ///< the request's at the end

    std::string field(std::string_view name) const
    {
        for (const auto& [n, value] : fields)
            if (same_ignoring_case(n, name)) return value;
        return {};
    }
};

/// One scope with `static`; the folder www of a scratch folder is the root.
class StaticSite {
 public:
    StaticSite()
    {
        std::filesystem::create_directory(scratch.path("www"));
        conf().root = root();
        conf().age = Milliseconds(0);  // what a test has just written is seen
        conf().mime_types = scratch.path("mime.types");
    }

    StaticConf& conf() { return site.conf<StaticConf>(); }
    std::string root() const { return scratch.path("www"); }
    std::string file(const std::string& name) const { return scratch.path("www/" + name); }
    void write(const std::string& name, const std::string& content) const
    {
        std::filesystem::create_directories(std::filesystem::path(file(name)).parent_path());
        scratch.write("www/" + name, content);
    }
    /// Sets the modification time to `seconds` since 1970.
    void touch(const std::string& name, std::int64_t seconds) const
    {
        const timespec times[2] = {{static_cast<time_t>(seconds), 0},
                                   {static_cast<time_t>(seconds), 0}};
        REQUIRE(::utimensat(AT_FDCWD, file(name).c_str(), times, 0) == 0);
    }

    Answer get(std::string_view path, const FieldList& fields = {}, Method method = Method::get,
               std::string_view query = {})
    {
        start();
        Arena arena;
        FakeStream out;
        Exchange x(loop, arena, site, out);
        x.request.path = path;
        x.request.raw_path = path;
        x.request.method = method;
        x.request.query = query;
        x.request.has_query = !query.empty();
        for (const auto& [name, value] : fields) x.request.fields.add(name, value);
        x.start();
        return take(x, out);
    }
    Answer head(std::string_view path, const FieldList& fields = {})
    {
        return get(path, fields, Method::head);
    }

    void start()
    {
        if (std::exchange(started_, true)) return;
        site.start(loop);
    }

    Scratch scratch;
    Loop loop;
    Site site{{&static_module}};

 private:
    static Answer take(Exchange& x, const FakeStream& out)
    {
        Answer answer;
        answer.answered = out.answered;
        answer.status = to_int(x.response.status);
        answer.path = x.request.path;
        for (const Field& f : x.response.fields)
            answer.fields.emplace_back(std::string(f.name), std::string(f.value));
        if (x.response.body) {
            const auto size = x.response.body->size();
            answer.body = drain(*x.response.body);
            if (size) CHECK(*size == answer.body.size());
        }
        return answer;
    }

    bool started_ = false;
};

}  // namespace ostler::test
