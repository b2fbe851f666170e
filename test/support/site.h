// site.h - a dispatcher without a server: one location made of given modules, a stream that
// only remembers, and a body read to its end.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "common/base/section.h"
#include "common/exchange.h"

namespace ostler::test {

/// Remembers that the exchange answered.
struct FakeStream final : Stream {
    void respond(Exchange& exchange) override
    {
        answered = true;
        x = &exchange;
    }
    bool answered = false;
    Exchange* x = nullptr;
};

/// Everything a body has, pulled `step` bytes at a time; fails the test when it stalls.
inline std::string drain(Body& body, std::size_t step = 4096)
{
    Buffer out;
    for (;;) {
        const std::size_t before = out.size();
        const Pull p = body.pull(out, step);
        CHECK(out.size() - before <= step);
        if (p == Pull::end) return out.take();
        if (p == Pull::more) continue;
        FAIL_CHECK("the body stalled or failed");
        return out.take();
    }
}

/// One location with the given modules.  Default Confs unless one is handed in with with().
class Site final : public Router {
 public:
    explicit Site(std::vector<const Module*> modules) : modules_(std::move(modules))
    {
        for (const Module* m : modules_)
            confs_.push_back(m->config.inherit ? m->config.inherit(nullptr) : nullptr);
    }

    /// The Conf of module `index`, to be filled by the test before the first request.
    template <class Conf> Conf& conf(std::size_t index = 0)
    {
        return *static_cast<Conf*>(confs_[index].get());
    }
    /// Reads a Section into the Conf of module `index`.
    void read(Section& section, std::size_t index = 0)
    {
        modules_[index]->config.read(confs_[index].get(), section);
    }
    void start(Loop& loop)
    {
        for (std::size_t i = 0; i < modules_.size(); ++i)
            if (modules_[i]->start) modules_[i]->start(confs_[i].get(), loop);
    }

    const Pipeline& route(const Request&) const override
    {
        auto* self = const_cast<Site*>(this);
        ++self->asked;
        if (!self->built_) self->build();
        return pipeline_;
    }

    int asked = 0;
    HttpConf http;

 private:
    void build()
    {
        built_ = true;
        for (auto hook : {&Module::rewrite, &Module::prepare, &Module::access, &Module::content})
            for (std::size_t i = 0; i < modules_.size(); ++i)
                if (modules_[i]->*hook)
                    request_.push_back({modules_[i]->*hook, confs_[i].get(), modules_[i]});
        for (std::size_t i = 0; i < modules_.size(); ++i) {
            if (modules_[i]->response)
                response_.push_back({modules_[i]->response, confs_[i].get(), modules_[i]});
            if (modules_[i]->log) log_.push_back({modules_[i]->log, confs_[i].get(), modules_[i]});
        }
        pipeline_.request = request_;
        pipeline_.response = response_;
        pipeline_.log = log_;
        pipeline_.http = &http;
        pipeline_.location = "/";
    }

    std::vector<const Module*> modules_;
    std::vector<std::shared_ptr<void>> confs_;
    std::vector<Pipeline::Bound<RequestHook>> request_;
    std::vector<Pipeline::Bound<ResponseHook>> response_;
    std::vector<Pipeline::Bound<LogHook>> log_;
    Pipeline pipeline_;
    bool built_ = false;
};

}  // namespace ostler::test
