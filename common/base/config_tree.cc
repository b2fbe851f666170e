// config_tree.cc - a configuration file as a tree of ours.
#include "common/base/config_tree.h"

#include <libconfig.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "common/base/config_explain.h"
#include "common/base/config_scan.h"
#include "common/base/text.h"

namespace ostler {

namespace {

using Type = ConfigNode::Type;

/// libconfig's tree, freed at the end.
struct Library {
    Library() { config_init(&config); }
    ~Library() { config_destroy(&config); }
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;
    config_t config;
};

bool fits_32_bits(std::int64_t n)
{
    return n >= std::numeric_limits<std::int32_t>::min() &&
           n <= std::numeric_limits<std::int32_t>::max();
}

Type type_of(const config_setting_t* setting)
{
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_LIST: return Type::list;
    case CONFIG_TYPE_ARRAY: return Type::array;
    case CONFIG_TYPE_STRING: return Type::string;
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64: return Type::integer;
    case CONFIG_TYPE_FLOAT: return Type::real;
    case CONFIG_TYPE_BOOL: return Type::boolean;
    default: return Type::group;
    }
}

/// Copies libconfig's tree while the scanner walks over the same text, so that every setting
/// gets its column and every number is read by us.
class TreeBuilder {
 public:
    explicit TreeBuilder(const ConfigSource& source)
        : source_(source), scanner_(source.text), at_(scanner_.next())
    {
    }

    ConfigNode root(const config_setting_t* setting)
    {
        ConfigNode node;
        node.place = node.value_place = {source_.file, 0, 0};
        add_children(node, setting);
        return node;
    }

 private:
    void advance() { at_ = scanner_.next(); }

    template <class Wanted> bool skip_to(Wanted wanted)
    {
        while (at_.kind != ConfigToken::Kind::end && !wanted(at_)) advance();
        return at_.kind != ConfigToken::Kind::end;
    }

    SourcePlace here() const { return source_.place(at_.line, at_.column); }

    void add_children(ConfigNode& node, const config_setting_t* setting)
    {
        const int count = config_setting_length(setting);
        node.children.reserve(static_cast<std::size_t>(count));
        for (int i = 0; i < count; ++i)
            node.children.push_back(
                build(config_setting_get_elem(setting, static_cast<unsigned>(i))));
    }

    ConfigNode build(const config_setting_t* setting)
    {
        ConfigNode node;
        node.type = type_of(setting);
        if (const char* name = config_setting_name(setting)) {
            node.name = name;
            skip_to([&](const ConfigToken& t) {
                return t.kind == ConfigToken::Kind::name && t.text == node.name;
            });
            node.place = here();
            advance();
            if (at_.is('=') || at_.is(':')) advance();
        } else {
            skip_to([](const ConfigToken& t) {
                return t.is_scalar() || t.is('{') || t.is('(') || t.is('[');
            });
        }
        node.value_place = here();
        if (node.name.empty()) node.place = node.value_place;
        const ConfigToken value = at_;
        advance();
        read_value(node, setting, value);
        return node;
    }

    void read_value(ConfigNode& node, const config_setting_t* setting, const ConfigToken& token)
    {
        switch (node.type) {
        case Type::group:
        case Type::list:
        case Type::array: return add_children(node, setting);
        case Type::boolean: node.boolean = config_setting_get_bool(setting) != 0; return;
        case Type::real: node.text = token.text; return;
        case Type::integer:
            node.text = token.text;
            return read_integer(node, config_setting_get_int64(setting));
        case Type::string:
            node.text = config_setting_get_string(setting);
            // "a" "b" is one string.
            while (at_.kind == ConfigToken::Kind::string) advance();
            return;
        }
    }

    // libconfig 1.5 cuts a number to 32 bits without an error; ours is right unless a newer one
    // has a notation that we do not know.
    static void read_integer(ConfigNode& node, std::int64_t theirs)
    {
        std::string_view s = node.text;
        while (s.ends_with('L')) s.remove_suffix(1);
        if (s.starts_with('+')) s.remove_prefix(1);
        const bool hex = s.size() > 2 && s[0] == '0' && lower(s[1]) == 'x';
        if (hex) s.remove_prefix(2);
        std::int64_t ours = 0;
        const auto [end, error] =
            std::from_chars(s.data(), s.data() + s.size(), ours, hex ? 16 : 10);
        node.too_large = error == std::errc::result_out_of_range;
        const bool unknown =
            error == std::errc::invalid_argument || (!node.too_large && fits_32_bits(ours));
        node.integer = unknown ? theirs : ours;
    }

    const ConfigSource& source_;
    ConfigScanner scanner_;
    ConfigToken at_;
};

void append_quoted(std::string& out, std::string_view s)
{
    constexpr std::string_view hex = "0123456789abcdef";
    out += '"';
    for (const char c : s) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            append(out, '\\', c);
        else if (c == '\n')
            out += "\\n";
        else if (byte < 0x20 || byte == 0x7f)
            append(out, "\\x", hex[byte >> 4], hex[byte & 15]);
        else
            out += c;
    }
    out += '"';
}

void write_integer(std::string& out, std::int64_t n) { append(out, n, fits_32_bits(n) ? "" : "L"); }

/// Where a line of output starts; on one line nothing does.
struct Layout {
    std::size_t indent = 0;
    bool one_line = false;
    std::string start() const { return std::string(one_line ? 0 : indent, ' '); }
    const char* end() const { return one_line ? " " : "\n"; }
    Layout inner() const { return {indent + 4, one_line}; }
};

void write_value(std::string& out, const ConfigNode& node, Layout layout);

void write_members(std::string& out, const ConfigNode& group, Layout layout)
{
    for (const ConfigNode& child : group.children) {
        append(out, layout.start(), child.name, child.is(Type::group) ? ": " : " = ");
        write_value(out, child, layout);
        append(out, ';', layout.end());
    }
}

void write_elements(std::string& out, const ConfigNode& node, Layout layout)
{
    const bool array = node.is(Type::array);
    out += array ? "[" : "(";
    for (std::size_t i = 0; i < node.children.size(); ++i) {
        out += i ? ", " : " ";
        write_value(out, node.children[i], layout);
    }
    out += array ? " ]" : " )";
}

void write_value(std::string& out, const ConfigNode& node, Layout layout)
{
    switch (node.type) {
    case Type::group:
        append(out, '{', layout.end());
        write_members(out, node, layout.inner());
        append(out, layout.start(), '}');
        return;
    case Type::list:
    case Type::array: return write_elements(out, node, layout);
    case Type::string: return append_quoted(out, node.text);
    case Type::integer: return write_integer(out, node.integer);
    case Type::real: out += node.text; return;
    case Type::boolean: out += node.boolean ? "true" : "false"; return;
    }
}

}  // namespace

ConfigNode ConfigNode::make(Type type, std::string_view name)
{
    ConfigNode node;
    node.type = type;
    node.name = name;
    return node;
}

ConfigNode ConfigNode::make_bool(std::string_view name, bool value)
{
    ConfigNode node = make(Type::boolean, name);
    node.boolean = value;
    return node;
}

ConfigNode ConfigNode::make_integer(std::string_view name, std::int64_t value)
{
    ConfigNode node = make(Type::integer, name);
    node.integer = value;
    node.text = cat(value);
    return node;
}

ConfigNode ConfigNode::make_string(std::string_view name, std::string_view value)
{
    ConfigNode node = make(Type::string, name);
    node.text = value;
    return node;
}

ConfigNode ConfigNode::make_strings(std::string_view name, const std::vector<std::string>& values)
{
    ConfigNode node = make(Type::array, name);
    for (const std::string& value : values) node.children.push_back(make_string("", value));
    return node;
}

const ConfigNode* ConfigNode::find(std::string_view key) const
{
    for (const ConfigNode& child : children)
        if (child.name == key) return &child;
    return nullptr;
}

ConfigNode* ConfigNode::find(std::string_view key)
{
    return const_cast<ConfigNode*>(std::as_const(*this).find(key));
}

std::string ConfigNode::describe() const
{
    switch (type) {
    case Type::group: return "a group";
    case Type::list:
    case Type::array: {
        std::string value = write_config_value(*this);
        if (value.size() <= 40) return value;
        return is(Type::list) ? "a list" : "an array";
    }
    case Type::boolean: return boolean ? "true" : "false";
    case Type::integer:
    case Type::real: return text;
    case Type::string: break;
    }
    std::string out;
    append_quoted(out, std::string_view(text).substr(0, 64));
    if (text.size() > 64) out.insert(out.size() - 1, "...");
    return out;
}

bool parse_config(std::string_view text, const std::string& name, const std::string& folder,
                  ConfigNode& root, std::vector<Problem>& problems)
{
    ConfigSource source;
    if (!expand_config(text, name, folder, source, problems)) return false;
    if (auto problem = find_syntax_error(source)) {
        problems.push_back(std::move(*problem));
        return false;
    }
    Library library;
    // Nothing is left to include; should the two scanners ever disagree, nothing is opened.
    config_set_include_dir(&library.config, "/dev/null");
    if (!config_read_string(&library.config, source.text.c_str())) {
        const char* error = config_error_text(&library.config);
        const SourcePlace place = source.place(config_error_line(&library.config), 0);
        problems.push_back(
            make_problem(Problem::Severity::error, place, error ? error : "syntax error"));
        return false;
    }
    root = TreeBuilder(source).root(config_root_setting(&library.config));
    return true;
}

std::string write_config(const ConfigNode& root)
{
    std::string out;
    write_members(out, root, {});
    return out;
}

std::string write_config_value(const ConfigNode& node)
{
    std::string out;
    write_value(out, node, {0, true});
    return out;
}

}  // namespace ostler
