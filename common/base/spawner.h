// spawner.h - the loop's end of the process that starts programs.
//
// A worker grows to hundreds of megabytes and thousands of descriptors; starting a program from it
// would copy page tables or the table of descriptors, and vfork(2) would stop the loop until the
// program runs.  So each worker forks one small process while it is small itself.  That process
// starts, awaits and ends the programs; on Linux it also adopts what their processes leave.  When
// the worker is gone it ends them all and itself.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/base/fd.h"
#include "common/base/loop.h"
#include "common/base/process.h"
#include "common/base/spawner_wire.h"

namespace ostler {

class Spawner : public Resident, Waker {
 public:
    /// `background`: what programs leave running is nobody's business.
    Spawner(Loop&, bool background);
    /// Its programs are ended, soon: nobody waits for that.
    ~Spawner() override;

    /// The one that `background` asks for.
    static Spawner& of(Loop&, bool background);

    std::unique_ptr<Child> start(const ProgramStart&, Waker& owner, StartError& error);
    /// For Child: nobody asks for `number` any more.
    void forget(std::uint32_t number) { children_.erase(number); }
    void stop(std::uint32_t number, Milliseconds grace);

    /// Its process id; 0: there is none now.
    pid_t process() const { return process_; }

 private:
    struct Letter {
        std::string bytes;    ///< what is left to send
        std::vector<Fd> fds;  ///< go with the first of them
    };
    struct OutputNote final : Waker {
        explicit OutputNote(Spawner& s) : spawner(s) {}
        void wake() override { spawner.send_queued(); }
        Spawner& spawner;
    };

    void wake() override;
    bool fork_process(StartError& error);
    void lose_process();
    bool post(const spawner::Command&, std::string_view texts, std::span<const int> fds);
    void send_queued();
    void take(const spawner::Report&);

    Loop& loop_;
    const bool background_;
    pid_t process_ = 0;
    Fd socket_;
    std::optional<Watch> input_, output_;
    OutputNote output_note_{*this};
    std::deque<Letter> queue_;
    std::string texts_;  // kept for its memory
    std::uint32_t last_number_ = 0;
    std::unordered_map<std::uint32_t, Child*> children_;
    std::size_t received_ = 0;  // bytes of the report that is coming
    spawner::Report report_;
};

}  // namespace ostler
