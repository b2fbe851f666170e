// static.cc - serves files below a root directory.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "common/base/text.h"
#include "common/exchange.h"
#include "common/http/accept_encoding.h"
#include "common/http/conditional.h"
#include "common/http/date.h"
#include "common/http/directory.h"
#include "common/http/file_body.h"
#include "common/http/range.h"
#include "common/http/uri.h"
#include "common/module.h"
#include "modules/static_conf.h"
#include "modules/static_note.h"

namespace ostler {

namespace {

constexpr std::string_view allowed_methods = "GET, HEAD, OPTIONS";

/// `a` and `b` as one string in the arena.
std::string_view join(Arena& arena, std::string_view a, std::string_view b)
{
    char* at = static_cast<char*>(arena.allocate(a.size() + b.size() + 1, 1));
    a.copy(at, a.size());
    b.copy(at + a.size(), b.size());
    return {at, a.size() + b.size()};
}

FilePin find_file(Exchange& x, const StaticConf& c, std::string_view below)
{
    return c.shared->cache->find(*c.tree, below, FileClock::of(x.loop));
}

// --- the representation -------------------------------------------------------------

/// The file whose bytes are sent, and what it is of.
struct Representation {
    FilePin file;
    const FileEntry* original = nullptr;  ///< gives type and Cache-Control
    Coding coding = Coding::identity;
    bool negotiated = false;  ///< the answer depends on Accept-Encoding
};

std::string_view sibling_suffix(Coding coding)
{
    switch (coding) {
    case Coding::br: return ".br";
    case Coding::zstd: return ".zst";
    case Coding::gzip: return ".gz";
    case Coding::identity: break;
    }
    return {};
}

/// The compressed sibling of `file`; empty when there is none or it is out of date.
FilePin find_sibling(Exchange& x, const StaticConf& c, const FileEntry& file,
                     std::string_view below, Coding coding)
{
    FilePin sibling = find_file(x, c, join(x.arena, below, sibling_suffix(coding)));
    if (sibling->kind != FileKind::regular) return {};
    if (sibling->facts.modified_ns < file.facts.modified_ns) return {};
    return sibling;
}

/// The codings there are siblings of, a bit each; looked up once a second.
unsigned find_siblings(Exchange& x, const StaticConf& c, FileEntry& file, std::string_view below)
{
    const bool known =
        file.siblings_checked.count() >= 0 && x.loop.now() - file.siblings_checked < c.age;
    if (known) return file.siblings;
    file.siblings = 0;
    for (const Coding coding : {Coding::br, Coding::zstd, Coding::gzip})
        if (find_sibling(x, c, file, below, coding)) file.siblings |= coding_bit(coding);
    file.siblings_checked = x.loop.now();
    return file.siblings;
}

/// Chooses between `file` and its siblings; false when the client refuses all there is.
bool negotiate(Exchange& x, const StaticConf& c, std::string_view below, Representation& r)
{
    r.negotiated = true;
    const AcceptedCodings accepted(x.request.fields.find(FieldId::accept_encoding));
    if (!accepted.any() && accepted.choose(0)) return true;
    FileEntry& file = *r.file;
    unsigned available = find_siblings(x, c, file, below);
    if (available == 0) return true;  // nothing to choose from: Accept-Encoding does not matter
    for (;;) {
        const std::optional<Coding> coding = accepted.choose(available);
        if (!coding) return false;
        if (*coding == Coding::identity) return true;
        if (FilePin sibling = find_sibling(x, c, file, below, *coding)) {
            r.coding = *coding;
            r.file = std::move(sibling);
            return true;
        }
        available &= ~coding_bit(*coding);  // gone in the meantime
    }
}

// --- the answer -----------------------------------------------------------------------

/// What of conditions and ranges a request has at all: most have nothing.
struct Asked {
    bool precondition = false;
    int ranges = 0;
};

Asked look_for_conditions(const Fields& fields)
{
    Asked asked;
    for (const Field& field : fields) {
        switch (field.id) {
        case FieldId::if_match:
        case FieldId::if_modified_since:
        case FieldId::if_none_match:
        case FieldId::if_unmodified_since: asked.precondition = true; break;
        case FieldId::range: ++asked.ranges; break;
        default: break;
        }
    }
    return asked;
}

void set_last_modified(Exchange& x, const FileEntry& file)
{
    if (file.modified() <= x.loop.wall_seconds()) {
        x.response.fields.set(FieldId::last_modified, file.last_modified());
        return;
    }
    // RFC 9110 section 8.8.2.1: never later than Date.
    char* date = static_cast<char*>(x.arena.allocate(http_date_size, 1));
    format_http_date(x.loop.wall_seconds(), date);
    x.response.fields.set(FieldId::last_modified, {date, http_date_size});
}

/// The fields that a 304 has as well (RFC 9110 section 15.4.5).
void set_validators(Exchange& x, const StaticConf& c, const Representation& r)
{
    Fields& fields = x.response.fields;
    if (c.etag) fields.set(FieldId::etag, r.file->etag());
    set_last_modified(x, *r.file);
    if (!r.original->cache_control.empty())
        fields.set(FieldId::cache_control, r.original->cache_control);
}

void set_content_fields(Exchange& x, const Representation& r)
{
    Fields& fields = x.response.fields;
    fields.set(FieldId::content_type, r.original->content_type);
    fields.set(FieldId::x_content_type_options, "nosniff");
    if (r.coding != Coding::identity) fields.set(FieldId::content_encoding, coding_name(r.coding));
}

Step send_whole(Exchange& x, const Representation& r)
{
    set_content_fields(x, r);
    x.response.body = x.arena.make<FileBody>(r.file, ByteRange{0, r.file->size()});
    return x.reply(Code::ok);
}

/// 24 hexadecimal digits that nobody can have put into a file beforehand.
std::string_view make_boundary(Exchange& x, const StaticConf& c)
{
    // splitmix64, seeded by the system.
    std::uint64_t& state = c.shared->boundaries;
    char* at = static_cast<char*>(x.arena.allocate(24, 1));
    for (std::size_t i = 0; i < 24; ++i) {
        std::uint64_t z = state += 0x9e3779b97f4a7c15u;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        at[i] = "0123456789abcdef"[(z ^ (z >> 31)) >> 60];
    }
    return {at, 24};
}

Step send_parts(Exchange& x, const StaticConf& c, const Representation& r,
                const RangeRequest& ranges)
{
    set_content_fields(x, r);
    Fields& fields = x.response.fields;
    if (ranges.count == 1) {
        char* value = static_cast<char*>(x.arena.allocate(content_range_size, 1));
        const std::size_t n = write_content_range(ranges.ranges[0], r.file->size(), value);
        fields.set(FieldId::content_range, {value, n});
        x.response.body = x.arena.make<FileBody>(r.file, ranges.ranges[0]);
    } else {
        const std::string_view boundary = make_boundary(x, c);
        x.response.body = x.arena.make<MultipartBody>(x.arena, r.file, ranges.parts(),
                                                      r.original->content_type, boundary);
        fields.set(FieldId::content_type,
                   join(x.arena, "multipart/byteranges; boundary=", boundary));
    }
    return x.reply(Code::partial_content);
}

Step refuse_range(Exchange& x, std::uint64_t size)
{
    char* value = static_cast<char*>(x.arena.allocate(content_range_size, 1));
    const std::size_t n = write_unsatisfied_range(size, value);
    x.response.fields.set(FieldId::content_range, {value, n});
    return x.reply(Code::range_not_satisfiable);
}

Step answer(Exchange& x, const StaticConf& c, const Representation& r)
{
    // An error page has neither validators nor an age: they would be taken for those of the
    // resource that is not there.
    if (x.is_error_page()) return send_whole(x, r);
    const Fields& fields = x.request.fields;
    const FileEntry& file = *r.file;
    const Asked asked = look_for_conditions(fields);
    RangeRequest ranges;
    if (asked.precondition || asked.ranges == 1) {
        const Validators validators{c.etag ? file.etag() : std::string_view{},
                                    std::min(file.modified(), x.loop.wall_seconds()),
                                    x.loop.wall_seconds()};
        switch (evaluate_preconditions(fields, x.request.method, validators)) {
        case Precondition::failed: return x.reply(Code::precondition_failed);
        case Precondition::not_modified:
            set_validators(x, c, r);
            x.attach<FilePin>(r.file);  // there is no body that keeps the values alive
            return x.reply(Code::not_modified);
        case Precondition::proceed: break;
        }
        if (asked.ranges == 1 && x.request.method == Method::get &&
            if_range_holds(fields, validators))
            ranges = parse_range(fields.get(FieldId::range), file.size());
    }
    if (ranges.kind == RangeRequest::Kind::unsatisfiable) return refuse_range(x, file.size());
    set_validators(x, c, r);
    x.response.fields.set(FieldId::accept_ranges, "bytes");
    return ranges.kind == RangeRequest::Kind::parts ? send_parts(x, c, r, ranges)
                                                    : send_whole(x, r);
}

// --- what is at the path ----------------------------------------------------------------

/// The path in the file system.
std::string full_path(const StaticConf& c, std::string_view below)
{
    return cat(c.root == "/" ? "" : c.root, '/', below);
}

Step serve_file(Exchange& x, const StaticConf& c, FilePin file, std::string_view below)
{
    if (x.witness) x.witness->note("file", full_path(c, below));
    if (!x.request.is_get_or_head()) return x.reply_allow(allowed_methods);
    const FileEntry* original = file.get();
    if (!c.precompressed) return answer(x, c, {std::move(file), original});
    // The original must outlive the exchange, too: its fields are sent.
    Representation r{x.attach<FilePin>(std::move(file)), original};
    const bool acceptable = negotiate(x, c, below, r);
    x.response.fields.set(FieldId::vary, "Accept-Encoding");
    if (!acceptable && !x.is_error_page()) return x.reply(Code::not_acceptable);
    return answer(x, c, r);
}

Step redirect_to_directory(Exchange& x)
{
    const Request& request = x.request;
    std::string location = encode_path(request.path);
    location.erase(0, std::min(location.find_first_not_of('/'), location.size()));
    location = cat('/', location, '/');
    if (request.has_query) append(location, '?', request.query);
    return x.redirect(request.is_get_or_head() ? Code::moved_permanently : Code::permanent_redirect,
                      location);
}

Step serve_directory(Exchange& x, const StaticConf& c, std::string_view below)
{
    const std::string_view path = x.request.path;
    if (!path.ends_with('/')) return x.is_error_page() ? Step::next : redirect_to_directory(x);
    for (const std::string& name : c.index) {
        const FilePin file = find_file(x, c, join(x.arena, below, name));
        // Not answered here: the file may be a script.
        if (file->kind == FileKind::regular || file->kind == FileKind::forbidden)
            return x.reroute(join(x.arena, path, name));
        if (x.witness) x.note("no index ", full_path(c, below), name);
    }
    if (x.witness) x.note("folder ", full_path(c, below), " without an index: left to others");
    x.attach<FoundDirectory>(*c.tree, below, path);
    return Step::next;
}

struct Tried {};

/// The paths of the setting `try`, once an exchange.
Step serve_fallback(Exchange& x, const StaticConf& c, std::string_view below)
{
    if (c.fallbacks.empty() || !x.request.is_get_or_head() || x.is_error_page() ||
        !c.tree->serves(below) || x.find<Tried>())
        return Step::next;
    x.attach<Tried>();
    x.note("static.try: another path is served instead");
    for (const std::string& path : c.fallbacks) {
        std::string_view there;
        if (!c.map(path, there)) return x.reroute(path);
        const FileKind kind = find_file(x, c, there)->kind;
        if (kind == FileKind::regular || kind == FileKind::directory) return x.reroute(path);
    }
    return Step::next;
}

Step content(Exchange& x, const StaticConf& c)
{
    std::string_view below;
    if (!c.map(x.request.path, below)) {
        x.note(c.root, " stands for ", c.prefix, " only");
        return Step::next;
    }
    FilePin file = find_file(x, c, below);
    if (x.witness && file->kind != FileKind::regular && file->kind != FileKind::directory)
        x.note(note_on_path(*c.tree, below));
    switch (file->kind) {
    case FileKind::regular: return serve_file(x, c, std::move(file), below);
    case FileKind::directory: return serve_directory(x, c, below);
    case FileKind::missing: return serve_fallback(x, c, below);
    case FileKind::forbidden:
    case FileKind::special: return x.reply(Code::forbidden);
    case FileKind::exhausted: return x.reply(Code::service_unavailable);
    case FileKind::failed: break;
    }
    return x.reply(Code::internal_server_error);
}

FileRoot files(const StaticConf& c) { return {c.root, c.prefix}; }

}  // namespace

extern constexpr Module static_module{
    .name = "static",
    .about = "Serves files below a root directory.",
    .config = conf<configure_static>,
    .open = on<open_static>,
    .start = on<start_static>,
    .files = on<files>,
    .content = on<content>,
};

}  // namespace ostler
