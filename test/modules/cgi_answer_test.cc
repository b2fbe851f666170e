// cgi_answer_test.cc - exchanges with scripts, without a server: content in and out, crashes, files.
#include "modules/cgi_answer.h"

#include "test/modules/cgi_site.h"

using namespace ostler;
using namespace ostler::test;

namespace {

constexpr std::string_view head = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n";

std::string script(std::string_view rest) { return cat(head, rest, '\n'); }

/// Content that comes in pieces, with waits between them.
class SlowBody final : public Body, Job {
 public:
    SlowBody(Loop& loop, std::string text, bool fails = false)
        : loop_(loop), text_(std::move(text)), fails_(fails)
    {
    }
    Pull pull(Buffer& out, std::size_t max) override
    {
        if (std::exchange(waits_, !waits_)) {
            loop_.post(*this);
            return Pull::wait;
        }
        if (text_.empty()) return fails_ ? Pull::fail : Pull::end;
        const std::size_t n = std::min<std::size_t>({max, text_.size(), 1000});
        out.append(text_.substr(0, n));
        text_.erase(0, n);
        return Pull::more;
    }

 private:
    void run() override { wake_consumer(); }
    Loop& loop_;
    std::string text_;
    bool fails_;
    bool waits_ = true;
};

}  // namespace

TEST_CASE("a script answers, and how it ended is known to the logs")
{
    CgiSite site;
    site.write("x", script("echo hello; exit 3"));
    Visit v(site);
    v.go();
    CHECK(v.x.response.status == Code::ok);
    CHECK(v.x.response.fields.get(FieldId::content_type) == "text/plain");
    CHECK(v.content() == "hello\n");
    CHECK(v.how == Pull::end);
    std::string status;
    for (const LogVariable* l = v.x.log_variables(); l; l = l->next)
        if (l->name == "cgi_status") status = l->value;
    CHECK(status == "3");
}

TEST_CASE("a crash in the content fails the body")
{
    CgiSite site;
    site.write("x", script("echo half; kill -SEGV $$"));
    Visit v(site);
    CHECK(v.go().content() == "half\n");
    CHECK(v.how == Pull::fail);
}

TEST_CASE("content that comes slowly, with and without a length, arrives whole")
{
    for (const bool known : {true, false}) {
        CgiSite site;
        site.write("x", script("echo \"$CONTENT_LENGTH\"; cat"));
        Visit v(site);
        const std::string text(200'000, 'z');
        SlowBody body(v.loop, text);
        v.x.request.method = Method::post;
        v.x.request.method_name = "POST";
        v.x.request.body = &body;
        if (known) v.x.request.content_length = text.size();
        CHECK(v.go().content() == "200000\n" + text);
    }
}

TEST_CASE("content that fails before the head is answered with the stream's status")
{
    for (const bool known : {true, false}) {
        CgiSite site;
        site.write("x", script("cat") );
        site.write("x", "#!/bin/sh\ncat >/dev/null\nsleep 100\n");
        Visit v(site);
        SlowBody body(v.loop, "some", true);
        v.x.request.method = Method::post;
        v.x.request.body = &body;
        v.x.body_error = Code::request_timeout;
        if (known) v.x.request.content_length = 1000;
        v.go();
        CHECK(v.x.response.status == Code::request_timeout);
    }
}

TEST_CASE("an exchange that ends ends its script, and the gate is free again")
{
    CgiSite site;
    site.write("x", "#!/bin/sh\ntrap '' TERM\nsleep 100\nsleep 100\n");
    Loop loop;
    {
        Arena arena;
        FakeStream stream;
        Exchange x(loop, arena, site.site, stream);
        x.request.path = "/x";
        site.site.start(loop);
        x.start();
        loop.turn(false);
        CHECK(site.conf().gate->running() == 1);
    }
    while (site.conf().gate->running() > 0) loop.turn();
}

TEST_CASE("who waits for a turn may leave")
{
    CgiSite site;
    site.conf().concurrent = 1;
    site.write("x", "#!/bin/sh\nsleep 100\n");
    Loop loop;
    site.site.start(loop);
    Arena a, b;
    FakeStream stream;
    Exchange first(loop, a, site.site, stream);
    first.request.path = "/x";
    first.start();
    {
        Exchange second(loop, b, site.site, stream);
        second.request.path = "/x";
        second.start();
        CHECK(site.conf().gate->waiting() == 1);
    }
    CHECK(site.conf().gate->waiting() == 0);
}

TEST_CASE("a HEAD request does not end a script before it is done")
{
    CgiSite site;
    const std::string mark = site.folder + "/mark";
    site.write("x", script(cat("head -c 200000 /dev/zero; echo done > ", mark)));
    Loop loop;
    site.site.start(loop);
    {
        Arena arena;
        FakeStream stream;
        Exchange x(loop, arena, site.site, stream);
        x.request.path = "/x";
        x.request.method = Method::head;
        x.start();
        while (!stream.answered) loop.turn();
    }
    while (site.conf().gate->running() > 0) loop.turn();
    CHECK(std::filesystem::exists(mark));
}
