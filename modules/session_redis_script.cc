// session_redis_script.cc - the script in Lua, and the arguments it takes.
#ifdef OSTLER_REDIS

#include "modules/session_redis_script.h"

#include <algorithm>

#include "common/base/text.h"

namespace ostler {

// Written for Redis 4 to 7 and Valkey.  Numbers are times in seconds, far below 2^53.
constexpr std::string_view script = R"lua(
if redis.replicate_commands then redis.replicate_commands() end
local call = redis.call
local at = 0
local function arg() at = at + 1; return ARGV[at] end
local function num() return tonumber(arg()) end
local token, op, deadline, now = arg(), arg(), num(), num()
local base = KEYS[1]
local function session(handle) return base .. ':s:' .. handle end
local function id(hash) return base .. ':i:' .. hash end
local function origin(name) return base .. ':o:' .. name end
local all, due = base .. ':all', base .. ':due'
local margin = 60

local function whole(n) return string.format('%.0f', n) end

-- When it expires; nil when there is none.
local function expires(handle)
  local v = call('HMGET', session(handle), 'i', 'e')
  if not v[1] or not v[2] then return nil end
  return math.min(tonumber(v[1]), tonumber(v[2]))
end

local function alive(handle)
  local e = expires(handle)
  return e and e > now
end

local function plan(handle)
  local e = expires(handle)
  call('EXPIREAT', session(handle), whole(e + margin))
  call('ZADD', due, whole(e), handle)
  local o = call('HGET', session(handle), 'o')
  if o and o ~= '' then call('ZADD', origin(o), whole(e), handle) end
end

local function forget(handle)
  local v = call('HMGET', session(handle), 'k', 'o')
  if v[1] then call('DEL', id(v[1])) end
  if v[2] and v[2] ~= '' then call('ZREM', origin(v[2]), handle) end
  call('ZREM', all, handle)
  call('ZREM', due, handle)
  call('DEL', session(handle))
  return v[1]
end

-- Keeps the later of what it has and what it hears.
local function touch(handle, requests, seen, idle, address, agent)
  local key = session(handle)
  local old = call('HMGET', key, 's', 'i')
  if not old[1] or not old[2] then return end
  call('HINCRBY', key, 'r', requests)
  if tonumber(seen) >= tonumber(old[1]) then
    call('HMSET', key, 's', seen, 'a', address, 'u', agent)
  end
  if tonumber(idle) > tonumber(old[2]) then
    call('HSET', key, 'i', idle)
    plan(handle)
  end
end

-- The size of "name=value&" when it is encoded.
local function encoded(name, value)
  local _, odd = string.gsub(name, '[^%w%-%._~]', '')
  local _, odder = string.gsub(value, '[^%w%-%._~]', '')
  return #name + #value + 2 * (odd + odder) + 2
end

local function found(handle)
  if not handle or not alive(handle) then return {token, 'absent'} end
  local answer = {token, 'ok'}
  for _, item in ipairs(call('HGETALL', session(handle))) do answer[#answer + 1] = item end
  return answer
end

local function is_late()
  if deadline == 0 then return false end
  local time = call('TIME')
  return tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000 > deadline
end

local run = {}

function run.load() return found(call('GET', id(arg()))) end
function run.find() return found(arg()) end

function run.create()
  local most, handle, hash, ends, o = num(), arg(), arg(), arg(), arg()
  if is_late() then return {token, 'late'} end
  if call('EXISTS', session(handle)) == 1 or call('EXISTS', id(hash)) == 1 then
    return {token, 'taken'}
  end
  if o ~= '' and most > 0 then
    call('ZREMRANGEBYSCORE', origin(o), '-inf', whole(now))
    if call('ZCARD', origin(o)) >= most then return {token, 'full'} end
  end
  local fields = {'h', handle, 'k', hash, 'e', ends, 'o', o}
  while at < #ARGV do fields[#fields + 1] = arg() end
  call('HMSET', session(handle), unpack(fields))
  local last = whole(tonumber(ends) + margin)
  call('SET', id(hash), handle)
  call('EXPIREAT', id(hash), last)
  call('ZADD', all, 0, handle)
  plan(handle)
  if o ~= '' and call('TTL', origin(o)) < tonumber(last) - now then
    call('EXPIREAT', origin(o), last)
  end
  return {token, 'ok'}
end

-- Of several changes of a name the last counts.
local function change(key, most_bytes, most_values, changes)
  local v = call('HMGET', key, 'b', 'n')
  local bytes, count, last = tonumber(v[1]), tonumber(v[2]), {}
  for _ = 1, changes do
    local name, kind, value, size = arg(), arg(), arg(), num()
    last[name] = {kind, value, size}
  end
  for name, c in pairs(last) do
    local old = call('HGET', key, 'v:' .. name)
    if old then bytes = bytes - encoded(name, old); count = count - 1 end
    if c[1] == 'set' then bytes = bytes + c[3]; count = count + 1 end
  end
  if bytes - 1 > most_bytes or count > most_values then return false end
  for name, c in pairs(last) do
    if c[1] == 'set' then call('HSET', key, 'v:' .. name, c[2])
    else call('HDEL', key, 'v:' .. name) end
  end
  call('HMSET', key, 'b', whole(bytes), 'n', whole(count))
  return true
end

local function rotate(handle, hash, grace)
  local key = session(handle)
  local v = call('HMGET', key, 'k', 'e')
  if grace > 0 then call('EXPIRE', id(v[1]), whole(grace)) else call('DEL', id(v[1])) end
  call('SET', id(hash), handle)
  call('EXPIREAT', id(hash), whole(tonumber(v[2]) + margin))
  call('HSET', key, 'k', hash)
end

function run.save()
  local handle, most_bytes, most_values, hash, grace = arg(), num(), num(), arg(), num()
  local requests, seen, idle, address, agent = arg(), arg(), arg(), arg(), arg()
  local changes = num()
  if is_late() then return {token, 'late'} end
  if not alive(handle) then return {token, 'absent'} end
  local key = session(handle)
  if changes > 0 and not change(key, most_bytes, most_values, changes) then
    return {token, 'too_large'}
  end
  if hash ~= '' then rotate(handle, hash, grace) end
  call('HINCRBY', key, 'g', 1)
  if requests ~= '' then touch(handle, requests, seen, idle, address, agent) end
  return found(handle)
end

function run.destroy()
  if forget(arg()) then return {token, 'ok'} end
  return {token, 'absent'}
end

function run.touch()
  while at < #ARGV do touch(arg(), arg(), arg(), arg(), arg(), arg()) end
  return {token, 'ok'}
end

function run.purge()
  local handles = call('ZRANGEBYSCORE', due, '-inf', whole(now), 'LIMIT', 0, whole(num()))
  for _, handle in ipairs(handles) do forget(handle) end
  return {token, 'ok', whole(#handles)}
end

-- A page ends after a megabyte: no answer is longer than what the other side takes.
function run.list()
  local after, most = arg(), num()
  local from = '-'
  if after ~= '' then from = '(' .. after end
  local handles = call('ZRANGEBYLEX', all, from, '+', 'LIMIT', 0, whole(most))
  local records, size, last, seen = {}, 0, after, 0
  for _, handle in ipairs(handles) do
    if size > 1000000 then break end
    seen = seen + 1
    last = handle
    if alive(handle) then
      local record = call('HGETALL', session(handle))
      for _, item in ipairs(record) do size = size + #item end
      records[#records + 1] = record
    end
  end
  local more = '0'
  if seen < #handles or #handles == most then more = '1' end
  return {token, 'ok', more, last, unpack(records)}
end

return run[op]()
)lua";

const std::string_view redis_session_script = script;

namespace {

using Kind = SessionOrder::Kind;

/// In one answer; Lua's stack is no endless one.
constexpr std::size_t most_listed = 1000;

std::string hex(const SessionKey& key)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : key.hash) {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

std::string_view name_of(Kind kind)
{
    switch (kind) {
    case Kind::load: return "load";
    case Kind::find: return "find";
    case Kind::create: return "create";
    case Kind::save: return "save";
    case Kind::destroy: return "destroy";
    case Kind::list: return "list";
    case Kind::purge: return "purge";
    case Kind::touch: return "touch";
    }
    return {};
}

/// The size of "name=value&" when it is encoded.
std::size_t encoded(const std::string& name, const std::string& value)
{
    return encoded_session_size({{name, value}}) + 1;
}

class Arguments {
 public:
    template <class... Items> void add(const Items&... items)
    {
        (list_.push_back(cat(items)), ...);
    }
    std::vector<std::string> take() { return std::move(list_); }

 private:
    std::vector<std::string> list_;
};

void add_create(Arguments& args, const SessionOrder& order)
{
    const SessionRecord& r = order.record;
    args.add(order.most_of_origin, r.handle, hex(r.key), r.ends, r.origin);
    args.add("g", r.generation, "c", r.created, "s", r.seen, "i", r.idle_until);
    args.add("r", r.requests, "a", r.address, "u", r.agent, "n", r.values.size());
    std::size_t bytes = 0;
    for (const auto& [name, value] : r.values) {
        args.add(cat("v:", name), value);
        bytes += encoded(name, value);
    }
    args.add("b", bytes);
}

void add_activity(Arguments& args, const SessionActivity& a)
{
    args.add(a.requests, a.seen, a.idle_until, a.address, a.agent);
}

void add_save(Arguments& args, const SessionOrder& order)
{
    args.add(order.handle, order.most_bytes, most_session_values);
    args.add(order.new_key ? hex(*order.new_key) : std::string(), order.grace.count());
    if (order.activity.empty())
        args.add("", "", "", "", "");
    else
        add_activity(args, order.activity.front());
    args.add(order.changes.size());
    for (const SessionChange& change : order.changes) {
        if (change.value)
            args.add(change.name, "set", *change.value, encoded(change.name, *change.value));
        else
            args.add(change.name, "unset", "", 0);
    }
}

}  // namespace

std::vector<std::string> encode_redis_order(const SessionOrder& order, std::string_view prefix,
                                            std::string_view token, std::int64_t deadline_ms,
                                            std::size_t first)
{
    Arguments args;
    args.add(cat('{', prefix, '}'), token, name_of(order.kind), deadline_ms, order.now);
    switch (order.kind) {
    case Kind::load: args.add(hex(order.key)); break;
    case Kind::find:
    case Kind::destroy: args.add(order.handle); break;
    case Kind::create: add_create(args, order); break;
    case Kind::save: add_save(args, order); break;
    case Kind::list: args.add(order.handle, std::min(order.most, most_listed)); break;
    case Kind::purge: args.add(std::min(order.most, most_listed)); break;
    case Kind::touch:
        for (std::size_t i = first; i < std::min(first + most_touched, order.activity.size());
             ++i) {
            args.add(order.activity[i].handle);
            add_activity(args, order.activity[i]);
        }
        break;
    }
    return args.take();
}

}  // namespace ostler

#endif
