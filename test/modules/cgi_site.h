// cgi_site.h - a folder of scripts and one location that runs them, without a server.
#pragma once

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "common/base/text.h"
#include "common/base/loop.h"
#include "common/exchange.h"
#include "modules/cgi_conf.h"
#include "modules/cgi_gate.h"
#include "test/support/site.h"

namespace ostler {
extern const Module cgi_module;
}

namespace ostler::test {

class CgiSite {
 public:
    CgiSite() : site({&cgi_module})
    {
        char name[] = "/tmp/ostler-cgi-XXXXXX";
        REQUIRE(::mkdtemp(name));
        folder = name;
        ::chmod(name, 0755);
        conf().root = folder;
        conf().executable = true;
        conf().kill_after = Milliseconds(200);
    }
    ~CgiSite() { std::filesystem::remove_all(folder); }

    CgiConf& conf() { return site.conf<CgiConf>(); }

    std::string write(const std::string& name, std::string_view text, mode_t mode = 0755)
    {
        const std::string path = folder + "/" + name;
        std::filesystem::create_directories(std::filesystem::path(path).parent_path());
        std::ofstream(path, std::ios::binary) << text;
        ::chmod(path.c_str(), mode);
        return path;
    }

    Site site;
    std::string folder;
};

/// One exchange with the site.  The loop is the last to be made and the first to end.
class Visit final : public Waker {
 public:
    explicit Visit(CgiSite& site, std::string_view path = "/x")
        : x(loop, arena, site.site, stream)
    {
        x.request.path = x.request.raw_path = x.request.target = path;
        x.request.peer.address = "127.0.0.1";
        x.request.peer.local_port = 80;
        x.request.id = "test";
        site.site.start(loop);
    }

    /// Until the head is there.
    Visit& go()
    {
        x.start();
        while (!stream.answered) loop.turn();
        return *this;
    }
    /// All of the content; `how` is how it ended.
    std::string content()
    {
        Buffer out;
        if (!x.response.body) return {};
        x.response.body->set_waker(this);
        for (;;) {
            how = x.response.body->pull(out, 4096);
            if (how == Pull::end || how == Pull::fail) return out.take();
            if (how == Pull::wait) loop.turn();
        }
    }
    void wake() override {}

    Loop loop;
    Arena arena;
    FakeStream stream;
    Exchange x;
    Pull how = Pull::wait;
};

}  // namespace ostler::test
