// echo.cc - sends a request's content back: the consumer of bodies that the tests need.
//
// The query chooses: "collect" reads everything first and answers with its size and a sum,
// "ignore" answers without reading, nothing at all streams it back as it comes.  A request field
// "Echo-NAME" comes back as the response field NAME.
#include "common/base/section.h"
#include "common/exchange.h"

namespace ostler {
namespace {

struct EchoConf {
    bool here = false;
};

void configure(EchoConf& conf, Section& section)
{
    section.get("here", conf.here, "answer in this scope");
}

Step answer(Exchange& x, const std::string& text)
{
    x.response.fields.add(FieldId::content_type, "text/plain; charset=utf-8");
    x.response.body = x.arena.make<BytesBody>(x.arena.copy(text));
    return x.reply(Code::ok);
}

void return_fields(Exchange& x)
{
    constexpr std::string_view prefix = "echo-";
    for (const Field& f : x.request.fields)
        if (f.name.size() > prefix.size() &&
            same_ignoring_case(f.name.substr(0, prefix.size()), prefix))
            x.response.fields.add(f.name.substr(prefix.size()), f.value);
}

// The response is the request, pulled when the client takes it.
class Stream final : public Filter {
 public:
    using Filter::Filter;
    Pull pull(Buffer& out, std::size_t max) override { return inner_.pull(out, max); }
    std::optional<std::uint64_t> size() const override { return inner_.size(); }
};

// Reads the whole content, then lets the exchange go on.
class Collect final : public Waker, Job {
 public:
    explicit Collect(Exchange& x) : x_(x) { x_.request.body->set_waker(this); }

    Step read()
    {
        for (;;) {
            const Pull pull = x_.request.body->pull(buffer_, 64 * 1024);
            count();
            if (pull == Pull::wait) return Step::wait;
            if (pull == Pull::fail) return x_.reply(x_.body_error);
            if (pull == Pull::end) return answer(x_, cat("size ", size_, " sum ", sum_, "\n"));
        }
    }
    void wake() override { x_.loop.post(*this); }

 private:
    void run() override
    {
        const Step step = read();
        if (step != Step::wait) x_.resume(step);
    }
    void count()
    {
        for (const char c : buffer_.view())
            sum_ = (sum_ * 31 + static_cast<unsigned char>(c)) % 1'000'000'007;
        size_ += buffer_.size();
        buffer_.drain(buffer_.size());
    }

    Exchange& x_;
    Buffer buffer_;
    std::uint64_t size_ = 0;
    std::uint64_t sum_ = 0;
};

Step content(Exchange& x, const EchoConf& conf)
{
    if (!conf.here) return Step::next;
    return_fields(x);
    if (!x.request.body || x.request.query == "ignore") return answer(x, "nothing read\n");
    if (x.request.query == "collect") return x.attach<Collect>(x).read();
    x.response.fields.add(FieldId::content_type, "application/octet-stream");
    x.response.body = x.arena.make<Stream>(*x.request.body);
    return x.reply(Code::ok);
}

}  // namespace

extern const Module echo_module;
constexpr Module echo_module{.name = "echo",
                             .about = "sends a request's content back",
                             .config = conf<configure>,
                             .content = on<content>};

}  // namespace ostler
