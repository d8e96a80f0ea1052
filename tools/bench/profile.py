"""Where the time of a call goes, inside one process."""

import json

# Requests go through Odoo's WSGI application as a worker would hand them over.
SCRIPT = """
import cProfile, io, json, pathlib, pstats, statistics, time
from werkzeug.test import EnvironBuilder, run_wsgi_app
from odoo.http import root
from odoo.sql_db import Cursor
from odoo.addons.api_auth_oauth2.models import ir_http

WANTED = json.loads(ASKED)
env.cr.rollback()
spent = {"sql": 0.0, "queries": 0}

def timed(function):
    def timed_function(*args, **kwargs):
        begun = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            spent["sql"] += time.perf_counter() - begun
            spent["queries"] += 1
    return timed_function

execute = Cursor.execute

def call():
    headers = {"Authorization": "Bearer " + WANTED["token"], "Host": WANTED["host"]}
    builder = EnvironBuilder(path="/orders/bench", headers=headers)
    body, status, _headers = run_wsgi_app(root, builder.get_environ(), buffered=True)
    b"".join(body)
    if not status.startswith("200"):
        raise SystemExit("the profiled call answered " + status)

checks = []
authenticate = ir_http.IrHttp._authenticate.__func__

def timed_authenticate(cls, endpoint):
    before, begun = dict(spent), time.perf_counter()
    authenticate(cls, endpoint)
    whole = time.perf_counter() - begun
    sql = spent["sql"] - before["sql"]
    checks.append((whole - sql, sql, spent["queries"] - before["queries"]))

for _ in range(300):
    call()
ir_http.IrHttp._authenticate = classmethod(timed_authenticate)
Cursor.execute = timed(execute)
wholes = []
for _ in range(2000):
    begun = time.perf_counter()
    call()
    wholes.append(time.perf_counter() - begun)
Cursor.execute = execute
ir_http.IrHttp._authenticate = classmethod(authenticate)

profile = cProfile.Profile()
profile.enable()
for _ in range(500):
    call()
profile.disable()
rows = []
ours = []
for (file, _line, name), spent in pstats.Stats(profile).stats.items():
    _primitive, calls, own, whole, _callers = spent
    # The last folders only: where a machine keeps its packages says nothing.
    place = "/".join(file.split("/")[-2:]).removeprefix("~")
    row = [f"{place}:{name}".lstrip(":"), calls / 500, own / 500 * 1e6]
    row.append(whole / 500 * 1e6)
    rows.append(row)
    if "/api_auth_oauth2" in file:
        ours.append(row)
for found in (rows, ours):
    found.sort(key=lambda row: -row[2])
told = {
    "check_python": statistics.median(c[0] for c in checks) * 1e6,
    "check_sql": statistics.median(c[1] for c in checks) * 1e6,
    "check_queries": statistics.median(c[2] for c in checks),
    "whole": statistics.median(wholes) * 1e6,
    "rows": rows[:25],
    "ours": ours[:15],
}
pathlib.Path(RESULT).write_text(json.dumps(told))
"""


def script(result, *, token, host):
    """Python for ``odoo shell``; its times are microseconds."""
    asked = json.dumps({"token": token, "host": host})
    return SCRIPT.replace("ASKED", repr(asked)).replace("RESULT", repr(str(result)))
