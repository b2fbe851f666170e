// in_process.h - one request through a configuration in this process: the parser, the dispatcher
// and the modules as in the server, and no socket.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/exchange.h"
#include "server/config.h"

namespace ostler {

/// A request as somebody writes it down.
struct Asked {
    std::string method = "GET";
    std::string target = "/";        ///< path and query, as on the wire
    std::string host = "localhost";  ///< value of Host
    std::string from = "127.0.0.1";  ///< numeric address of the client
    bool tls = false;
    std::vector<std::pair<std::string, std::string>> fields;
    std::string content;
};

/// Sets scheme, host and target from "http://host:8080/path?query" or "/path"; a fragment is left
/// out.  False when it is neither.
bool set_url(Asked& asked, std::string_view url);

/// What came out.
struct Answered {
    Code status = Code::ok;
    std::vector<std::pair<std::string, std::string>> fields;  ///< those of the connection, too
    std::string content;    ///< at most `content_limit` bytes, when it was wanted
    bool complete = false;  ///< the content came to its end
    bool cut = false;       ///< there is more content than the limit
    std::string why;        ///< the head was refused: the reason
};

class InProcess {
 public:
    static constexpr std::size_t content_limit = std::size_t{16} << 20;

    /// Starts the modules of `configuration`, which must outlive this object.
    explicit InProcess(Configuration& configuration);

    /// Answers one request; `inspect` is called when the answer is decided, before any content of
    /// it is made.  Without `with_content` none is.
    template <class Inspect>
    Answered ask(const Asked& asked, const Router& router, Witness* witness, bool with_content,
                 const Inspect& inspect)
    {
        const Call<Inspect> call(inspect);
        return answer(asked, router, witness, with_content, call);
    }
    Answered ask(const Asked& asked);

 private:
    struct Caller {
        virtual void call(const Exchange&) const = 0;

     protected:
        ~Caller() = default;
    };
    template <class F> struct Call final : Caller {
        explicit Call(const F& f) : function(f) {}
        void call(const Exchange& x) const override { function(x); }
        const F& function;
    };
    Answered answer(const Asked&, const Router&, Witness*, bool with_content, const Caller&);

    Configuration& configuration_;
    Loop loop_;
};

}  // namespace ostler
