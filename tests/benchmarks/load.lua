-- The requests of wrk. Arguments: file of constants, what stands before and after one in the address, "uncached" or else, media type.
local constants, before, after, repeated = {}, "", "", false
local number, place = 0, 0

function init(arguments)
  for line in io.lines(arguments[1]) do constants[#constants + 1] = line end
  before, after, repeated = arguments[2], arguments[3], arguments[4] ~= "uncached"
  math.randomseed(os.time())
  place, number = math.random(#constants), math.random(1000000000)
  wrk.headers["Accept"] = arguments[5] or "application/sparql-results+json"
end

function request()
  if repeated then return wrk.format("GET", before .. constants[1] .. after) end
  place, number = place % #constants + 1, number + 1
  return wrk.format("GET", before .. constants[place] .. after .. "%23" .. number)
end

function done(summary, latency, requests)
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout
  io.write(string.format('\n{"requests": %d, "seconds": %.6f, "p50": %.6f, "p95": %.6f, "failed": %d}\n', summary.requests,
    summary.duration / 1e6, latency:percentile(50) / 1e6, latency:percentile(95) / 1e6, failed))
end
