// cgi_tally.h - how many scripts of one scope run and wait, counted over all workers.
//
// Memory that the workers share; each writes its own part and reads all parts.  Who wants a place
// takes it, adds up, and gives it back when it was one too many: never more than allowed run,
// whoever else counts at that moment.  What a worker that died had counted is cleared by whoever
// finds no place because of it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

#include "common/base/process_slots.h"

namespace ostler {

class CgiTally {
 public:
    struct Limits {
        int all = 64;
        int per_script = 16;
        int queue = 128;
    };
    enum class Answer : unsigned char {
        granted,
        full,         ///< as many run as may
        script_full,  ///< of this script
        behind,       ///< somebody in another worker has waited for longer, and is told
    };

    /// In the master, before the fork; null, with errno, when there is no memory.
    static std::shared_ptr<CgiTally> make(std::shared_ptr<ProcessSlots> slots);
    ~CgiTally();
    CgiTally(const CgiTally&) = delete;
    CgiTally& operator=(const CgiTally&) = delete;

    /// In a worker, before anything else.  False when there are more processes than slots.
    bool join();

    /// Says when one began to wait, against others.
    std::uint64_t next_ticket();

    /// Tries to take a place for a run of `script` (a hash).  `senior`: do not look who waits.
    Answer take(std::uint64_t script, std::uint64_t ticket, const Limits&, bool senior);
    void give_back(std::uint64_t script);
    /// Tells the worker where somebody has waited longest that there may be a place.
    void tell_next(std::uint64_t script);

    /// One more waits, when that is allowed.
    bool add_waiting(const Limits&);
    void remove_waiting();
    /// The oldest ticket here that waits for any place; 0: none.
    void publish(std::uint64_t ticket);
    /// The oldest ticket here that waits for `script`; 0: none.
    void publish(std::uint64_t script, std::uint64_t ticket);

    int running();
    int waiting();

 private:
    static constexpr std::size_t sets = 32;
    static constexpr std::size_t ways = 4;

    struct Entry {
        std::atomic<std::uint64_t> script;  ///< valid while one of the others is not 0
        std::atomic<std::uint64_t> ticket;
        std::atomic<std::int32_t> running;
    };
    /// Of one worker.
    struct Part {
        alignas(64) std::atomic<std::int32_t> running;
        std::atomic<std::int32_t> waiting;
        std::atomic<std::uint64_t> ticket;
        std::atomic<std::int32_t> process;
        std::array<std::array<Entry, ways>, sets> scripts;
    };
    struct Shared {
        std::atomic<std::uint64_t> last_ticket;
        std::atomic<int> used;  ///< parts from here on were never anybody's
        std::array<Part, ProcessSlots::count> parts;
    };
    static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

    CgiTally(std::shared_ptr<ProcessSlots> slots, Shared& shared)
        : slots_(std::move(slots)), shared_(shared)
    {
    }
    Part& own() { return shared_.parts[static_cast<std::size_t>(slot_)]; }
    static Entry* find(Part&, std::uint64_t script);
    Entry* find_or_make(std::uint64_t script);
    std::span<Part> parts();
    int running_of(std::uint64_t script);
    Answer judge(std::uint64_t script, std::uint64_t ticket, const Limits&, bool senior);
    static void clear(Part&);
    bool clear_the_dead();
    /// Where somebody waits with the oldest ticket below `before`; null: nobody.
    Part* oldest(std::uint64_t script, std::uint64_t before);
    static void tell(Part&);

    std::shared_ptr<ProcessSlots> slots_;
    Shared& shared_;
    int slot_ = -1;
};

/// The signal that tells a worker that there may be a place.  Ignored by default: harmless when it
/// comes too late for somebody.
int place_signal();

}  // namespace ostler
