// dispatch.h - one exchange on a site whose hooks are the test's: no stream, no socket.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "test/support/site.h"

namespace ostler::test {

struct DispatchHooks {
    std::function<Step(Exchange&)> rewrite, content, response;
    std::function<void(const Exchange&)> log;
};
inline void configure_dispatch(DispatchHooks&, Section&) {}
inline Step dispatch_rewrite(Exchange& x, const DispatchHooks& h)
{
    return h.rewrite ? h.rewrite(x) : Step::next;
}
inline Step dispatch_content(Exchange& x, const DispatchHooks& h)
{
    return h.content ? h.content(x) : Step::next;
}
inline Step dispatch_response(Exchange& x, const DispatchHooks& h)
{
    return h.response ? h.response(x) : Step::next;
}
inline void dispatch_log(const Exchange& x, const DispatchHooks& h)
{
    if (h.log) h.log(x);
}
inline constexpr Module dispatch_module{.name = "hooks",
                                        .about = "",
                                        .config = conf<configure_dispatch>,
                                        .rewrite = on<dispatch_rewrite>,
                                        .content = on<dispatch_content>,
                                        .response = on<dispatch_response>,
                                        .log = on<dispatch_log>};

/// An exchange on such a site, not started yet.
struct DispatchRig {
    explicit DispatchRig(std::string_view path = "/") { x.request.path = path; }
    DispatchHooks& hooks(std::size_t i = 0) { return site.conf<DispatchHooks>(i); }
    std::string body() { return x.response.body ? drain(*x.response.body) : std::string(); }
    int status() const { return to_int(x.response.status); }

    Site site{{&dispatch_module, &dispatch_module}};
    FakeStream out;
    Loop loop;
    Arena arena;
    Exchange x{loop, arena, site, out};
};

inline Step answer(Exchange& x, Code status, std::string_view text)
{
    x.response.body = x.arena.make<BytesBody>(text);
    return x.reply(status);
}

}  // namespace ostler::test
