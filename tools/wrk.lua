-- What wrk runs for measure.py: it sends BODY where there is one, and tells its figures.
wrk.body = os.getenv("BODY")
wrk.method = wrk.body and "POST" or "GET"

function done(sum, latency)
  local broken = sum.errors
  print(string.format(
    '\nTOLD {"rate": %f, "p50": %f, "p99": %f, "all": %d, "refused": %d, "broken": %d}',
    sum.requests / sum.duration * 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, sum.requests, broken.status,
    broken.connect + broken.read + broken.write + broken.timeout))
end
