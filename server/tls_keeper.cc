// tls_keeper.cc - what is done twice a second, and what every few hours.
#include "server/tls_keeper.h"

#include <algorithm>

#include "common/base/log.h"

namespace ostler {

namespace {

using Weight = PairFinding::Weight;
constexpr auto interval = std::chrono::milliseconds(400);

/// What keeps `fresh` from replacing a pair that serves.  Expired is no reason when that one has
/// expired, too.
PairFindings reasons_against(const PairFindings& findings, const TlsPair& serving,
                             std::int64_t wall_seconds)
{
    const bool serves_well = wall_seconds < serving.not_after && wall_seconds >= serving.not_before;
    PairFindings reasons;
    for (const PairFinding& f : findings)
        if (f.weight == Weight::error || (f.weight == Weight::stale && serves_well))
            reasons.push_back(f);
    return reasons;
}

}  // namespace

void TlsKeeper::tick(Time now, std::int64_t wall_seconds, Tls* current, Tls* next)
{
    current_ = current;
    next_ = next;
    if (now < look_at_) return;
    look_at_ = now + interval;
    if (!current) return;
    for (const PairPtr& pair : current->pairs()) look(pair, wall_seconds);
    rotate(now);
}

void TlsKeeper::look(const PairPtr& pair, std::int64_t wall_seconds)
{
    const PairFiles& files = pair->files;
    Watched& watched = watched_[files];
    tell_expiry(*pair, watched, wall_seconds);
    const PairStamp stamp = stamp_of(files);
    if (stamp == pair->stamp) return;
    if (stamp == watched.refused) {
        // Still the same at the second look: nobody is in the middle of writing it.
        if (!watched.why.empty())
            log_error("tls: ", watched.why, "; the certificate from before goes on serving");
        watched.why.clear();
        return;
    }
    TlsUpdate update;
    update.files = files;
    PairFindings findings;
    PairPtr fresh;
    if (read_pair(files, update.text, findings))
        fresh = make_pair(files, update.text, wall_seconds, findings);
    if (stamp_of(files) != stamp) return;  // it changes while we read: next time
    findings = reasons_against(findings, *pair, wall_seconds);
    if (!findings.empty()) {
        watched.refused = update.text.stamp;
        watched.why = findings.front().text;
        return;
    }
    if (fresh->digest == pair->digest) return replace_here(fresh);
    watched = Watched();
    take(fresh, update);
}

void TlsKeeper::replace_here(const PairPtr& fresh)
{
    std::string error;
    for (Tls* tls : {current_, next_})
        if (tls && !tls->replace(fresh, error))
            log_error("tls: ", fresh->files.certificate, ": ", error);
}

void TlsKeeper::take(const PairPtr& fresh, const TlsUpdate& update)
{
    replace_here(fresh);
    send_(update);
    log_info("tls: ", fresh->files.certificate,
             " has changed: the new certificate serves, valid until ", utc_text(fresh->not_after));
}

void TlsKeeper::tell_expiry(const TlsPair& pair, Watched& watched, std::int64_t wall_seconds)
{
    const bool expired = wall_seconds >= pair.not_after;
    if (expired && !watched.told_expired)
        log_error("tls: ", pair.files.certificate, ": expired on ", utc_text(pair.not_after),
                  ": clients refuse it; renew it");
    watched.told_expired = expired;
    const bool silent = !pair.ocsp.empty() && wall_seconds >= pair.ocsp_until;
    if (silent && !watched.told_ocsp)
        log_warn("tls: ", pair.files.ocsp, ": expired on ", utc_text(pair.ocsp_until),
                 ": no longer stapled; fetch a new one");
    watched.told_ocsp = silent;
}

std::chrono::seconds TlsKeeper::keys_left(Time now) const
{
    return std::chrono::duration_cast<std::chrono::seconds>(std::max(rotate_at_, now) - now);
}

void TlsKeeper::rotate(Time now)
{
    const auto lifetime = current_->resumption.time;
    if (lifetime.count() == 0) return;
    if (rotate_at_ == Time{} || rotate_at_ > now + lifetime) rotate_at_ = now + lifetime;
    if (now < rotate_at_) return;
    rotate_at_ = now + lifetime;
    current_->keys.rotate();
    if (next_) next_->keys = current_->keys;
    TlsUpdate update;
    update.kind = TlsUpdate::Kind::ticket_keys;
    update.keys = current_->keys.encode();
    send_(update);
    wipe(update.keys);
    log_info("tls: new ticket keys");
}

}  // namespace ostler
