// cgi_gate.cc - first come, first served, as far as the limit of each script allows.
#include "modules/cgi_gate.h"

#include "modules/cgi_metrics.h"

namespace ostler {

CgiGate::Guest::~Guest()
{
    if (gate_) gate_->give_up(*this);
}

bool CgiGate::may_run(const std::string& script) const
{
    if (running_ >= limits_.all) return false;
    const auto at = per_script_.find(script);
    return at == per_script_.end() || at->second < limits_.per_script;
}

void CgiGate::admit(const std::string& script)
{
    ++running_;
    scripts_running.add();
    ++per_script_[script];
}

CgiGate::Entry CgiGate::enter(Guest& guest, std::string_view script)
{
    guest.script_ = script;
    if (may_run(guest.script_)) {
        admit(guest.script_);
        return Entry::granted;
    }
    if (waiting_ >= limits_.queue) {
        scripts_refused.add();
        return Entry::refused;
    }
    ++waiting_;
    scripts_waiting.add();
    guest.gate_ = this;
    queue_.push_back(guest);
    return Entry::queued;
}

void CgiGate::give_up(Guest& guest)
{
    if (!guest.gate_) return;
    guest.gate_ = nullptr;
    guest.unlink();
    --waiting_;
    scripts_waiting.subtract();
}

void CgiGate::leave(std::string_view script)
{
    --running_;
    scripts_running.subtract();
    const auto at = per_script_.find(std::string(script));
    if (at != per_script_.end() && --at->second == 0) per_script_.erase(at);
    for (Guest* g = queue_.front(); g; g = queue_.after(*g)) {
        if (!may_run(g->script_)) continue;
        admit(g->script_);
        give_up(*g);
        g->granted();
        return;
    }
}

}  // namespace ostler
