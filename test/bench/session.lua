-- session.lua - wrk: every request with another session's cookie, out of the file in SESSION_IDS;
-- with SESSION_SET=1 each one stores a value.
local ids, at = {}, 0
local set = os.getenv("SESSION_SET") == "1"

function init(args)
  for line in io.lines(os.getenv("SESSION_IDS")) do ids[#ids + 1] = line end
  math.randomseed(os.time())
  at = math.random(#ids)
end

function request()
  at = (at * 7 + 13) % #ids + 1
  wrk.headers["Cookie"] = "theme=dark; sid=" .. ids[at]
  if set then wrk.headers["Echo-X-Session-Set"] = "n=" .. at end
  return wrk.format()
end
