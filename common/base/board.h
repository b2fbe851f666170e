// board.h - the numbers of all processes of the server, in memory they share.
//
// The master makes the memory before it forks: one slot a process, of fixed size, written by its
// process alone, without locks.  Whoever reads takes what he finds for numbers and text of no
// trust.  A slot outlives its process: the next one goes on counting where it was left, so sums
// over all slots only grow for as long as the master lives.  Without a board (tests, commands)
// everything goes to a slot that nobody reads.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ostler {

enum class MetricKind : unsigned char {
    counter,  ///< only grows
    gauge,    ///< how many there are now; begins at 0 in every process
};

/// What a number on the board is called; by the conventions of Prometheus.
struct MetricInfo {
    std::string family;  ///< "ostler_cgi_ended_total"
    std::string labels;  ///< `how="signal"`, escaped; empty: none
    std::string help;    ///< one phrase
    MetricKind kind = MetricKind::counter;
    bool operator==(const MetricInfo& o) const { return family == o.family && labels == o.labels; }
};

/// A number that a module counts.  A constant of the module's: `constinit const Metric
/// running{"ostler_cgi_running", "", "scripts that run now", MetricKind::gauge};`, named in
/// Module::metrics; the master gives it its place before the first fork.
class Metric {
 public:
    constexpr Metric(const char* family, const char* labels, const char* help, MetricKind kind)
        : family_(family), labels_(labels), help_(help), kind_(kind)
    {
    }
    Metric(const Metric&) = delete;
    Metric& operator=(const Metric&) = delete;

    void add(std::uint64_t n = 1) const;
    /// Of a gauge.
    void subtract(std::uint64_t n = 1) const { add(~n + 1); }

 private:
    friend class Board;
    const char* family_;
    const char* labels_;
    const char* help_;
    MetricKind kind_;
    mutable std::uint32_t cell_ = 0;
};

/// A request under way, as text of limited length.
struct BoardRequest {
    std::int64_t started_us = 0;  ///< since 1970
    std::array<char, 12> method{};
    std::array<char, 16> id{};
    std::array<char, 48> client{};
    std::array<char, 64> host{};
    std::array<char, 160> path{};
};

/// Copies as much of `text` as fits, ended by NUL.
template <std::size_t N> void set_text(std::array<char, N>& to, std::string_view text)
{
    const std::size_t n = text.copy(to.data(), N - 1);
    to[n] = '\0';
}
/// The text up to the NUL, which may be missing.
template <std::size_t N> std::string_view text_of(const std::array<char, N>& from)
{
    const std::string_view all(from.data(), N);
    return all.substr(0, all.find('\0'));
}

/// What a worker says of itself, once a second.
struct BoardWorker {
    std::uint64_t connections = 0;
    std::uint64_t in_flight = 0;        ///< all of them, also those that are not listed
    std::uint64_t longest_turn_us = 0;  ///< of its loop, since it started
};

/// What the master says of the server.
struct BoardServer {
    std::int64_t pid = 0;
    std::int64_t started_us = 0, loaded_us = 0;  ///< since 1970
    std::uint64_t generation = 0, restarts = 0;
    std::array<char, 24> state{};  ///< "starting", "serving", "stopping"
    std::array<char, 32> version{};
    std::array<char, 256> configuration{};
    std::array<char, 256> last_reload{};
};

/// Upper bounds of the histogram of durations, in microseconds; behind the last one: the rest.
inline constexpr std::array<std::uint32_t, 14> duration_bounds_us = {
    1'000,   2'500,   5'000,     10'000,    25'000,    50'000,     100'000,
    250'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000, 30'000'000};

struct BoardView;

class Board {
 public:
    static constexpr std::size_t most_slots = 256;
    static constexpr std::size_t most_cells = 2048;  ///< metrics; what is more is not counted
    static constexpr std::size_t most_listed = 32;   ///< requests under way of one worker
    static constexpr std::size_t most_errors = 16;   ///< of one process
    static constexpr std::size_t history = 64;       ///< seconds

    /// The cells of one host or location: requests by class of status (1xx to 5xx), bytes sent.
    static constexpr std::uint32_t scope_cells = 6;

    // --- in the master, before it forks --------------------------------------------------

    /// Once; false, and everything goes on without a board, when there is no memory.
    static bool create();
    /// The place of a metric, made when it is new.
    static std::uint32_t place(const MetricInfo& info);
    static void place_metric(const Metric& metric);
    /// `scope_cells` places in a row for a host and location.
    static std::uint32_t place_scope(std::string_view host, std::string_view location);
    /// A slot for a process that is about to be forked; 0 (nobody reads it) when none is free.
    static std::size_t take_slot(unsigned index, unsigned generation);
    /// Its process has ended.
    static void release_slot(std::size_t slot);
    static void set_pid(std::size_t slot, std::int64_t pid);
    enum class State : unsigned char { starting, ready, leaving };
    static void set_state(std::size_t slot, State state);
    static void publish(const BoardServer& server);

    // --- in a worker ------------------------------------------------------------------------

    /// From now on this process writes to `slot`; 0: to what nobody reads.
    static void enter(std::size_t slot, std::int64_t now_us);
    /// `requests`: answered since the last call.
    static void publish(const BoardWorker& worker, std::span<const BoardRequest> under_way,
                        std::uint64_t requests, std::int64_t now_us);
    /// Who is asked to publish before somebody reads here; may be null.
    using Publisher = void (*)(void*);
    static void set_publisher(Publisher publisher, void* of)
    {
        publisher_ = publisher;
        publisher_of_ = of;
    }

    // --- in any process -----------------------------------------------------------------------

    static void add(std::uint32_t cell, std::uint64_t n)
    {
        // The only writer: no need for a locked instruction.
        std::atomic<std::uint64_t>& at = mine_->cells[cell];
        at.store(at.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    /// One request answered in the scope whose cells begin at `first`.
    static void count(std::uint32_t first, unsigned status, std::uint64_t sent,
                      std::uint64_t duration_us)
    {
        const unsigned kind = status / 100 - 1;
        add(first + (kind < 5 ? kind : 4), 1);
        add(first + 5, sent);
        std::size_t i = 0;
        while (i < duration_bounds_us.size() && duration_us > duration_bounds_us[i]) ++i;
        bump(mine_->durations[i], 1);
        bump(mine_->duration_us, duration_us);
    }
    /// Keeps a line of the error log for whoever looks.
    static void note_error(std::string_view line, std::int64_t now_us);

    /// A copy of everything, by whoever asks.
    static BoardView read(std::int64_t now_us);
    static bool exists() { return memory_ != nullptr; }

 private:
    using Number = std::atomic<std::uint64_t>;
    static_assert(Number::is_always_lock_free);

    template <class T> struct Guarded {
        std::atomic<std::uint32_t> sequence{0};  // odd: being written
        T value{};
        void set(const T& v);
        bool get(T& v) const;  // false: always in the middle of a change
    };
    struct Listed {
        std::uint32_t count = 0;
        std::array<BoardRequest, most_listed> requests;
    };
    struct Error {
        std::int64_t at_us = 0;
        std::array<char, 240> text{};
    };
    struct Second {
        Number second{0}, requests{0};
    };
    struct alignas(64) Slot {
        // The master's.
        Number pid{0}, index{0}, generation{0}, state{0}, started_us{0}, taken{0};
        // The process's own.
        alignas(64) std::array<Number, most_cells> cells{};
        std::array<Number, duration_bounds_us.size() + 1> durations{};
        Number duration_us{0};
        std::array<Second, history> seconds{};
        Guarded<BoardWorker> worker;
        Guarded<Listed> listed;
        std::array<Guarded<Error>, most_errors> errors{};
        Number errors_written{0};
    };
    struct Memory {
        Guarded<BoardServer> server;
        std::array<Slot, most_slots> slots;  // the first is the master's
    };

    static void bump(Number& at, std::uint64_t n)
    {
        at.store(at.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    static void read_slot(const Slot& slot, bool is_worker, std::int64_t now_us, BoardView& view);

    static Slot nobodys_;
    static Slot* mine_;
    static Memory* memory_;
    static std::vector<MetricInfo>
        metrics_;  // by cell, from first_cell on; the same in all processes
    static Publisher publisher_;
    static void* publisher_of_;
};

inline void Metric::add(std::uint64_t n) const { Board::add(cell_, n); }

/// The board at one moment.
struct BoardView {
    struct Worker {
        std::int64_t pid = 0, started_us = 0;
        std::uint64_t index = 0, generation = 0;
        Board::State state = Board::State::starting;
        BoardWorker facts;
    };
    struct Value {
        MetricInfo info;
        std::uint64_t value = 0;
    };
    struct Scope {
        std::string host, location;
        std::array<std::uint64_t, 5> by_class{};  ///< 1xx to 5xx
        std::uint64_t sent = 0;
    };
    struct Error {
        std::int64_t at_us = 0;
        std::string text;
    };

    std::int64_t now_us = 0;
    BoardServer server;
    std::vector<Worker> workers;
    std::vector<BoardRequest> under_way;  ///< the oldest first
    std::vector<Scope> scopes;
    std::vector<Value> values;  ///< of modules
    std::vector<Error> errors;  ///< the newest first
    std::array<std::uint64_t, duration_bounds_us.size() + 1> durations{};
    std::uint64_t duration_us = 0;
    std::array<std::uint64_t, 60>
        per_second{};  ///< requests; the last is the second before this one

    std::uint64_t requests() const;  ///< all answered
    std::uint64_t connections() const;
    std::uint64_t in_flight() const;
    double rate() const;  ///< requests a second, over the last ten
    /// The duration that a part `q` of all requests does not exceed, in seconds; from the
    /// histogram, so an upper bound.
    double quantile(double q) const;
};

}  // namespace ostler
