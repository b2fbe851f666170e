// hello.cc - greets whoever asks: a whole module, and the worked example of CONTRIBUTING.md.
#include "test/example/hello.h"

#include "common/base/section.h"
#include "common/exchange.h"

namespace ostler {
namespace {

void configure(HelloConf& conf, Section& section)
{
    section.get("text", conf.text, "the greeting; empty: none");
}

// A content hook: it answers, or says Step::next and another module is asked.
Step content(Exchange& x, const HelloConf& conf)
{
    if (conf.text.empty()) return Step::next;
    if (!x.request.is_get_or_head()) return x.reply_allow("GET, HEAD, OPTIONS");

    const std::string text = cat(conf.text, ", ", x.request.peer.address, "!\n");
    x.response.fields.add(FieldId::content_type, "text/plain; charset=utf-8");
    x.response.body = x.arena.make<BytesBody>(x.arena.copy(text));
    return x.reply(Code::ok);
}

}  // namespace

constexpr Module hello_module{.name = "hello",
                              .about = "greets whoever asks",
                              .config = conf<configure>,
                              .content = on<content>};

}  // namespace ostler
