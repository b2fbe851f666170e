// cgi_tally.cc - take, add up, give back.
#include "modules/cgi_tally.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <new>

namespace ostler {

namespace {
constexpr std::uint64_t any_ticket = std::numeric_limits<std::uint64_t>::max();
}

std::shared_ptr<CgiTally> CgiTally::make(std::shared_ptr<ProcessSlots> slots)
{
    void* const memory = map_shared(sizeof(Shared));
    if (!memory) return nullptr;
    // The pages are zero and so are all counters; nothing of them is touched before it is used.
    return std::shared_ptr<CgiTally>(new CgiTally(std::move(slots), *static_cast<Shared*>(memory)));
}

CgiTally::~CgiTally() { ::munmap(&shared_, sizeof shared_); }

bool CgiTally::join()
{
    slot_ = slots_->claim();
    if (slot_ < 0) return false;
    Part& part = own();
    clear(part);  // of who had the number before
    part.process = ::getpid();
    int used = shared_.used;
    while (used <= slot_ && !shared_.used.compare_exchange_weak(used, slot_ + 1)) {
    }
    return true;
}

std::uint64_t CgiTally::next_ticket() { return ++shared_.last_ticket; }

std::span<CgiTally::Part> CgiTally::parts()
{
    const auto used =
        static_cast<std::size_t>(std::clamp(shared_.used.load(), 0, ProcessSlots::count));
    return {shared_.parts.data(), used};
}

CgiTally::Entry* CgiTally::find(Part& part, std::uint64_t script)
{
    for (Entry& e : part.scripts[script % sets])
        if (e.script == script && (e.running != 0 || e.ticket != 0)) return &e;
    return nullptr;
}

/// Null when too many others have the same place in the table: that one is not counted.
CgiTally::Entry* CgiTally::find_or_make(std::uint64_t script)
{
    if (Entry* known = find(own(), script)) return known;
    for (Entry& e : own().scripts[script % sets]) {
        if (e.running != 0 || e.ticket != 0) continue;
        e.script = script;
        return &e;
    }
    return nullptr;
}

int CgiTally::running()
{
    int n = 0;
    for (const Part& p : parts()) n += p.running;
    return n;
}

int CgiTally::waiting()
{
    int n = 0;
    for (const Part& p : parts()) n += p.waiting;
    return n;
}

int CgiTally::running_of(std::uint64_t script)
{
    int n = 0;
    for (Part& p : parts())
        if (const Entry* e = find(p, script)) n += e->running;
    return n;
}

CgiTally::Part* CgiTally::oldest(std::uint64_t script, std::uint64_t before)
{
    Part* found = nullptr;
    for (Part& p : parts()) {
        if (&p == &own()) continue;
        const Entry* e = find(p, script);
        for (const std::uint64_t ticket : {p.ticket.load(), e ? e->ticket.load() : 0}) {
            if (ticket == 0 || ticket >= before) continue;
            before = ticket;
            found = &p;
        }
    }
    return found;
}

/// With the place counted already.
CgiTally::Answer CgiTally::judge(std::uint64_t script, std::uint64_t ticket, const Limits& limits,
                                 bool senior)
{
    if (running() > limits.all) return Answer::full;
    if (running_of(script) > limits.per_script) return Answer::script_full;
    if (senior) return Answer::granted;
    Part* const older = oldest(script, ticket);
    if (!older) return Answer::granted;
    tell(*older);
    return Answer::behind;
}

CgiTally::Answer CgiTally::take(std::uint64_t script, std::uint64_t ticket, const Limits& limits,
                                bool senior)
{
    ++own().running;
    Entry* const entry = find_or_make(script);
    if (entry) ++entry->running;
    Answer answer = judge(script, ticket, limits, senior);
    if (answer != Answer::granted && clear_the_dead())
        answer = judge(script, ticket, limits, senior);
    if (answer == Answer::granted) return answer;
    --own().running;
    if (entry) --entry->running;
    return answer;
}

void CgiTally::give_back(std::uint64_t script)
{
    --own().running;
    if (Entry* e = find(own(), script); e && e->running > 0) --e->running;
}

void CgiTally::tell_next(std::uint64_t script)
{
    if (Part* next = oldest(script, any_ticket)) tell(*next);
}

void CgiTally::tell(Part& part)
{
    if (const pid_t process = part.process; process > 0) ::kill(process, place_signal());
}

bool CgiTally::add_waiting(const Limits& limits)
{
    ++own().waiting;
    if (waiting() <= limits.queue) return true;
    if (clear_the_dead() && waiting() <= limits.queue) return true;
    --own().waiting;
    return false;
}

void CgiTally::remove_waiting() { --own().waiting; }

void CgiTally::publish(std::uint64_t ticket) { own().ticket = ticket; }

void CgiTally::publish(std::uint64_t script, std::uint64_t ticket)
{
    Entry* const e = ticket ? find_or_make(script) : find(own(), script);
    if (e) e->ticket = ticket;
}

void CgiTally::clear(Part& part)
{
    part.running = 0;
    part.waiting = 0;
    part.ticket = 0;
    part.process = 0;
    for (auto& set : part.scripts) {
        for (Entry& e : set) {
            e.running = 0;
            e.ticket = 0;
        }
    }
}

/// True when there was something to clear.
bool CgiTally::clear_the_dead()
{
    bool any = false;
    for (std::size_t i = 0; i < parts().size(); ++i) {
        Part& part = parts()[i];
        const int slot = static_cast<int>(i);
        if (part.process == 0 || slot == slot_ || !slots_->hold(slot)) continue;
        clear(part);
        slots_->release(slot);
        any = true;
    }
    return any;
}

int place_signal() { return SIGURG; }

}  // namespace ostler
