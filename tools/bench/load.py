"""wrk, the load generator: one run of it, and what it tells."""

import re
import subprocess
from dataclasses import dataclass

import debian
from console import Failure

SCRIPT = """\
wrk.method = "{method}"
wrk.body = [==[{body}]==]
"""

RATE = re.compile(r"^Requests/sec:\s+([\d.]+)", re.M)
P99 = re.compile(r"^\s+99%\s+([\d.]+)(us|ms|s)$", re.M)
TOTAL = re.compile(r"^\s+(\d+) requests in", re.M)
REFUSED = re.compile(r"Non-2xx or 3xx responses: (\d+)")
BROKEN = re.compile(
    r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)"
)
MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True)
class Call:
    """One kind of request: what is sent, and whether it is to be refused."""

    name: str
    url: str
    headers: tuple = ()
    body: str = ""
    refused: bool = False


@dataclass(frozen=True)
class Measure:
    """What one run of the load generator saw."""

    rate: float  # answers per second
    p99: float  # milliseconds


def require():
    """Have wrk installed; returns its version."""
    debian.require("wrk")
    told = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False)
    return (told.stdout or told.stderr).split("Copyright")[0].strip()


def run(call, *, seconds, connections, folder):
    """Send one kind of request for a while; returns a Measure.

    Raises Failure when an answer is not of the kind that is to be measured.
    """
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    for name, value in call.headers:
        command += ["-H", f"{name}: {value}"]
    if call.body:
        script = folder / "post.lua"
        script.write_text(SCRIPT.format(method="POST", body=call.body))
        command += ["-s", script]
    told = subprocess.run(
        [*command, call.url], capture_output=True, text=True, check=False
    )
    text = told.stdout
    if told.returncode or not RATE.search(text):
        raise Failure(f"wrk failed on {call.name}: {told.stderr or text}")
    total = int(TOTAL.search(text)[1])
    refused = int((REFUSED.search(text) or [0, 0])[1])
    broken = sum(int(count) for found in BROKEN.findall(text) for count in found)
    if refused != (total if call.refused else 0) or broken:
        raise Failure(
            f"{call.name}: of {total} answers {refused} were refusals,"
            f" {broken} connections broke"
        )
    value, unit = P99.search(text).groups()
    return Measure(float(RATE.search(text)[1]), float(value) * MILLISECONDS[unit])
