// board.cc - slots, places and what is read out of them.
#include "common/base/board.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "common/base/text.h"

namespace ostler {

namespace {

/// Cells before this one are nobody's: what was never given a place counts there.
constexpr std::uint32_t first_cell = 8;
constexpr std::string_view requests_family = "ostler_requests_total";
constexpr std::string_view sent_family = "ostler_sent_bytes_total";

std::string label(std::string_view name, std::string_view value)
{
    std::string out = cat(name, "=\"");
    for (const char c : value) {
        if (c == '\\' || c == '"') out += '\\';
        if (c == '\n')
            out += "\\n";
        else
            out += c;
    }
    return out + '"';
}

/// The value of a label made by label().
std::string label_value(std::string_view labels, std::string_view name)
{
    const std::size_t at = labels.find(cat(name, "=\""));
    if (at == labels.npos) return {};
    std::string value;
    for (std::size_t i = at + name.size() + 2; i < labels.size() && labels[i] != '"'; ++i) {
        if (labels[i] == '\\' && i + 1 < labels.size()) ++i;
        value += labels[i];
    }
    return value;
}

}  // namespace

Board::Slot Board::nobodys_;
Board::Slot* Board::mine_ = &Board::nobodys_;
Board::Memory* Board::memory_ = nullptr;
std::vector<MetricInfo> Board::metrics_;
Board::Publisher Board::publisher_ = nullptr;
void* Board::publisher_of_ = nullptr;

template <class T> void Board::Guarded<T>::set(const T& v)
{
    // As a sequence lock: readers that see the number change read again.
    const std::uint32_t before = sequence.load(std::memory_order_relaxed) | 1;
    sequence.store(before, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    std::memcpy(static_cast<void*>(&value), &v, sizeof v);
    sequence.store(before + 1, std::memory_order_release);
}

template <class T> bool Board::Guarded<T>::get(T& v) const
{
    constexpr int tries = 16;  // one that died in the middle never ends
    for (int i = 0; i < tries; ++i) {
        const std::uint32_t before = sequence.load(std::memory_order_acquire);
        std::memcpy(static_cast<void*>(&v), &value, sizeof v);
        std::atomic_thread_fence(std::memory_order_acquire);
        if (before % 2 == 0 && before == sequence.load(std::memory_order_relaxed)) return true;
    }
    v = T{};
    return false;
}

bool Board::create()
{
    if (memory_) return true;
    void* at =
        ::mmap(nullptr, sizeof(Memory), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANON, -1, 0);
    if (at == MAP_FAILED) return false;
    // Fresh memory is zero, and zero is what everything begins with: no page is touched for it.
    memory_ = static_cast<Memory*>(at);
    mine_ = memory_->slots.data();
    return true;
}

std::uint32_t Board::place(const MetricInfo& info)
{
    const auto known = std::find(metrics_.begin(), metrics_.end(), info);
    const auto at = first_cell + static_cast<std::uint32_t>(known - metrics_.begin());
    if (known != metrics_.end()) return at;
    if (at >= most_cells) return 0;
    metrics_.push_back(info);
    return at;
}

void Board::place_metric(const Metric& m)
{
    m.cell_ = place({m.family_, m.labels_, m.help_, m.kind_});
}

std::uint32_t Board::place_scope(std::string_view host, std::string_view location)
{
    const std::string scope = cat(label("host", host), ',', label("location", location));
    const auto of_class = [&](int n) {
        return MetricInfo{std::string(requests_family), cat(scope, ",code=\"", n, "xx\""),
                          "requests answered", MetricKind::counter};
    };
    const auto known = std::find(metrics_.begin(), metrics_.end(), of_class(1));
    if (known != metrics_.end())
        return first_cell + static_cast<std::uint32_t>(known - metrics_.begin());
    if (first_cell + metrics_.size() + scope_cells > most_cells) return 0;
    const std::uint32_t first = place(of_class(1));
    for (int n = 2; n <= 5; ++n) place(of_class(n));
    place({std::string(sent_family), scope, "bytes sent, heads included", MetricKind::counter});
    return first;
}

std::size_t Board::take_slot(unsigned index, unsigned generation)
{
    for (std::size_t i = 1; memory_ && i < most_slots; ++i) {
        Slot& slot = memory_->slots[i];
        if (slot.taken.load(std::memory_order_relaxed)) continue;
        slot.taken.store(1, std::memory_order_relaxed);
        slot.index.store(index, std::memory_order_relaxed);
        slot.generation.store(generation, std::memory_order_relaxed);
        slot.state.store(0, std::memory_order_relaxed);
        return i;
    }
    return 0;
}

void Board::set_pid(std::size_t slot, std::int64_t pid)
{
    if (memory_ && slot) memory_->slots[slot].pid.store(static_cast<std::uint64_t>(pid));
}

void Board::set_state(std::size_t slot, State state)
{
    if (memory_ && slot) memory_->slots[slot].state.store(static_cast<std::uint64_t>(state));
}

void Board::release_slot(std::size_t slot)
{
    if (!memory_ || !slot) return;
    memory_->slots[slot].pid.store(0);
    memory_->slots[slot].taken.store(0);
}

void Board::publish(const BoardServer& server)
{
    if (memory_) memory_->server.set(server);
}

void Board::enter(std::size_t slot, std::int64_t now_us)
{
    mine_ = memory_ && slot ? &memory_->slots[slot] : &nobodys_;
    for (std::size_t i = 0; i < metrics_.size(); ++i)
        if (metrics_[i].kind == MetricKind::gauge) mine_->cells[first_cell + i].store(0);
    mine_->started_us.store(static_cast<std::uint64_t>(now_us));
    mine_->worker.set({});
    mine_->listed.set({});
}

void Board::publish(const BoardWorker& worker, std::span<const BoardRequest> under_way,
                    std::uint64_t requests, std::int64_t now_us)
{
    mine_->worker.set(worker);
    Listed listed;
    listed.count = static_cast<std::uint32_t>(std::min(under_way.size(), most_listed));
    std::copy_n(under_way.begin(), listed.count, listed.requests.begin());
    mine_->listed.set(listed);
    const auto now = static_cast<std::uint64_t>(now_us / 1'000'000);
    Second& second = mine_->seconds[now % history];
    if (second.second.load() == now) return bump(second.requests, requests);
    second.requests.store(requests);
    second.second.store(now);
}

void Board::note_error(std::string_view line, std::int64_t now_us)
{
    if (!memory_) return;
    Error error;
    error.at_us = now_us;
    set_text(error.text, line);
    mine_->errors[mine_->errors_written.load() % most_errors].set(error);
    bump(mine_->errors_written, 1);
}

// --- reading ----------------------------------------------------------------------------------

void Board::read_slot(const Slot& slot, bool is_worker, std::int64_t now_us, BoardView& view)
{
    for (std::size_t i = 0; i < slot.durations.size(); ++i) view.durations[i] += slot.durations[i];
    view.duration_us += slot.duration_us;
    const std::int64_t now = now_us / 1'000'000;
    for (const Second& s : slot.seconds) {
        const std::int64_t age = now - static_cast<std::int64_t>(s.second.load());
        if (age >= 1 && age <= 60)
            view.per_second[static_cast<std::size_t>(60 - age)] += s.requests;
    }
    for (const auto& guarded : slot.errors) {
        Error error;
        if (!guarded.get(error) || error.at_us == 0) continue;
        view.errors.push_back({error.at_us, std::string(text_of(error.text))});
    }
    const auto pid = static_cast<std::int64_t>(slot.pid.load());
    if (!is_worker || pid == 0) return;
    BoardView::Worker worker;
    worker.pid = pid;
    worker.started_us = static_cast<std::int64_t>(slot.started_us.load());
    worker.index = slot.index;
    worker.generation = slot.generation;
    worker.state = static_cast<State>(std::min<std::uint64_t>(slot.state, 2));
    slot.worker.get(worker.facts);
    view.workers.push_back(worker);
    Listed listed;
    slot.listed.get(listed);
    const std::size_t count = std::min<std::size_t>(listed.count, most_listed);
    view.under_way.insert(view.under_way.end(), listed.requests.begin(),
                          listed.requests.begin() + static_cast<std::ptrdiff_t>(count));
}

BoardView Board::read(std::int64_t now_us)
{
    if (publisher_) publisher_(publisher_of_);
    BoardView view;
    view.now_us = now_us;
    if (!memory_) return view;
    memory_->server.get(view.server);
    std::vector<std::uint64_t> sums(metrics_.size());
    for (std::size_t s = 0; s < most_slots; ++s) {
        const Slot& slot = memory_->slots[s];
        const bool used = s == 0 || slot.started_us.load() != 0 || slot.pid.load() != 0;
        if (!used) continue;  // its pages were never touched: leave them so
        read_slot(slot, s > 0, now_us, view);
        const bool alive = s == 0 || slot.pid.load() != 0;
        for (std::size_t i = 0; i < sums.size(); ++i)
            if (alive || metrics_[i].kind == MetricKind::counter)
                sums[i] += slot.cells[first_cell + i];
    }
    for (std::size_t i = 0; i < sums.size(); ++i) {
        const MetricInfo& info = metrics_[i];
        if (info.family != requests_family) {
            view.values.push_back({info, sums[i]});
            continue;
        }
        BoardView::Scope scope{
            label_value(info.labels, "host"), label_value(info.labels, "location"), {}, 0};
        std::copy_n(sums.begin() + static_cast<std::ptrdiff_t>(i), 5, scope.by_class.begin());
        scope.sent = sums[i + 5];
        view.scopes.push_back(std::move(scope));
        i += scope_cells - 1;
    }
    std::sort(view.workers.begin(), view.workers.end(),
              [](const auto& a, const auto& b) { return a.pid < b.pid; });
    std::sort(view.under_way.begin(), view.under_way.end(),
              [](const auto& a, const auto& b) { return a.started_us < b.started_us; });
    std::sort(view.errors.begin(), view.errors.end(),
              [](const auto& a, const auto& b) { return a.at_us > b.at_us; });
    return view;
}

std::uint64_t BoardView::requests() const
{
    std::uint64_t sum = 0;
    for (const std::uint64_t n : durations) sum += n;
    return sum;
}

std::uint64_t BoardView::connections() const
{
    std::uint64_t sum = 0;
    for (const Worker& w : workers) sum += w.facts.connections;
    return sum;
}

std::uint64_t BoardView::in_flight() const
{
    std::uint64_t sum = 0;
    for (const Worker& w : workers) sum += w.facts.in_flight;
    return sum;
}

double BoardView::rate() const
{
    constexpr std::size_t seconds = 10;
    std::uint64_t sum = 0;
    for (std::size_t i = per_second.size() - seconds; i < per_second.size(); ++i)
        sum += per_second[i];
    const double age = static_cast<double>(now_us - server.started_us) / 1e6;
    return static_cast<double>(sum) / std::clamp(age, 1.0, static_cast<double>(seconds));
}

double BoardView::quantile(double q) const
{
    const double wanted = static_cast<double>(requests()) * q;
    double sum = 0;
    for (std::size_t i = 0; i < durations.size(); ++i) {
        sum += static_cast<double>(durations[i]);
        if (sum >= wanted && sum > 0)
            return duration_bounds_us[std::min(i, duration_bounds_us.size() - 1)] / 1e6;
    }
    return 0;
}

}  // namespace ostler
