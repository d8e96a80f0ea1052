-- What wrk runs for measure.py: it sends BODY where there is one, and tells its figures.
--
-- EXPECTED is a Lua pattern that each answer has; the first one without is told. With
-- CHAIN, a file of refresh tokens, a request is BODY and the oldest of them. What the
-- pattern captures in the answer takes its place, and the file is written at the end.
local expected, chain = os.getenv("EXPECTED"), os.getenv("CHAIN")
local threads = {}

wrk.body = os.getenv("BODY")
wrk.method = wrk.body and "POST" or "GET"
wrong, example, tokens = 0, "", {}

function setup(thread)
  table.insert(threads, thread)
end

if expected then
  function response(status, _headers, body)
    local found = status == 200 and body:match(expected)
    if not found then
      wrong = wrong + 1
      example = example == "" and status .. " " .. body or example
    elseif chain then
      table.insert(tokens, found)
    end
  end
end

if chain then
  for token in io.lines(chain) do
    table.insert(tokens, token)
  end

  function request()
    return wrk.format(nil, nil, nil, wrk.body .. table.remove(tokens, 1))
  end
end

function done(sum, latency)
  local broken, unlike = sum.errors, 0
  for _, thread in ipairs(threads) do
    unlike = unlike + thread:get("wrong")
    if thread:get("example") ~= "" then
      print("\nWRONG " .. thread:get("example"))
    end
    if chain then
      local file = assert(io.open(chain, "w"))
      file:write(table.concat(thread:get("tokens"), "\n"), "\n")
      file:close()
    end
  end
  print(string.format(
    '\nTOLD {"rate": %f, "p50": %f, "p99": %f, "all": %d, "refused": %d, "broken": %d,'
    .. ' "wrong": %d}',
    sum.requests / sum.duration * 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, sum.requests, broken.status,
    broken.connect + broken.read + broken.write + broken.timeout, unlike))
end
