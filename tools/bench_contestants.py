"""Who runs against whom in ``./dev bench``, and what the check does inside a call."""

import json
import zipfile

import artifact
import console
import processes
import python_env
from measure import Call

# The keys of the ratios, and what each has to reach: (ours, theirs, what, at least).
TARGETS = (
    ("ours", "public", "throughput", 1.0),
    ("ours", "none", "throughput", 0.85),
    ("ours", "bearer", "throughput", 2.8),
    ("ours", "api_key", "throughput", 1.05),
    ("ours-json2", "odoo-json2", "throughput", 2.0),
    ("refused", "ours", "throughput", 1.0),
    ("ours", "public", "p99", 1.15),
)

LABELS = {
    "none": 'auth="none": no user, no check',
    "public": 'auth="public": no check, the shared public user',
    "bearer": 'auth="bearer": Odoo API key',
    "api_key": 'auth="api_key": OCA auth_api_key',
    "ours": "oauth2_route: access token",
    "refused": "oauth2_route: unknown token, refused",
    "ours-json2": "/<api>/json/2: access token",
    "odoo-json2": "Odoo's /json/2: Odoo API key",
}

# OCA's auth_api_key, from the Python registry: measured against, never kept.
OCA = "odoo-addon-auth_api_key==19.0.1.1.0.3"

# Requests go through Odoo's WSGI application as a worker would hand them over.
PROFILE = """
import cProfile, io, json, pathlib, pstats, statistics, time
from werkzeug.test import EnvironBuilder, run_wsgi_app
from odoo.http import root
from odoo.sql_db import Cursor
from odoo.addons.base.models.ir_http import IrHttp
env.cr.rollback()
headers = {"Authorization": "Bearer " + TOKEN, "Host": HOST}
queries, python, checks, wholes = [], [], [], []

def call():
    builder = EnvironBuilder(path="/orders/bench", headers=headers)
    body, status, _headers = run_wsgi_app(root, builder.get_environ(), buffered=True)
    b"".join(body)
    if not status.startswith("200"):
        raise SystemExit("the profiled call answered " + status)

def timed_execute(*args, **kwargs):
    begun = time.perf_counter()
    try:
        return execute(*args, **kwargs)
    finally:
        queries.append(time.perf_counter() - begun)

def timed(method):
    def run(*args):
        before, begun = sum(queries), time.perf_counter()
        method(*args)
        spent = time.perf_counter() - begun
        python.append(spent - sum(queries) + before)
    return run

def timed_call():
    queries.clear()
    python.clear()
    begun = time.perf_counter()
    call()
    wholes.append(time.perf_counter() - begun)
    # The first query is Odoo's, for its signals.
    checks.append((sum(python), sum(queries[1:]), len(queries) - 1))

for _ in range(300):
    call()
served, execute = env.registry["ir.http"], Cursor.execute
early, authenticate = served._validate_early, served._authenticate
served._validate_early, served._authenticate = timed(early), timed(authenticate)
Cursor.execute = timed_execute
for _ in range(2000):
    timed_call()
served._validate_early, served._authenticate = early, authenticate
Cursor.execute = execute
profile = cProfile.Profile()
profile.enable()
for _ in range(500):
    call()
profile.disable()
printed = io.StringIO()
pstats.Stats(profile, stream=printed).strip_dirs().sort_stats("tottime").print_stats(25)
python, sql, count = (statistics.median(one) for one in zip(*checks))
pathlib.Path(RESULT).write_text(json.dumps({
    "python": python * 1e6, "sql": sql * 1e6, "queries": count,
    "whole": statistics.median(wholes) * 1e6,
    "printed": printed.getvalue().partition("Ordered by")[2]}))
"""


def calls(base, told):
    """The requests of all contestants, by key.

    :param told: the secrets of ``measured_records``
    """

    def bearer(text):
        return (("Authorization", f"Bearer {text}"),)

    json_type = (("Content-Type", "application/json"),)
    path = "/json/2/res.currency/search_count"
    body = json.dumps({"domain": [["id", "=", 1]]})
    ours, theirs = bearer(told["token"]), bearer(told["odoo_key"])
    return {
        "none": Call(f"{base}/bench/none"),
        "public": Call(f"{base}/bench/public"),
        "bearer": Call(f"{base}/bench/bearer", theirs),
        "api_key": Call(f"{base}/bench/api_key", (("API-KEY", told["oca_key"]),)),
        "ours": Call(f"{base}/orders/bench", ours),
        "refused": Call(f"{base}/orders/bench", bearer("x" * 43), refused=True),
        "ours-json2": Call(f"{base}/orders{path}", ours + json_type, body),
        "odoo-json2": Call(f"{base}{path}", theirs + json_type, body),
    }


def oca_addons():
    """The folder of addons that has OCA's ``auth_api_key``."""

    def build(folder):
        with console.step(f"Downloading {OCA}"):
            command = [python_env.for_odoo(), "-m", "pip", "download", "--quiet"]
            command += ["--disable-pip-version-check", "--no-deps", "-d", folder, OCA]
            processes.run_logged(command, "pip-oca.log", f"download {OCA}")
            [wheel] = folder.glob("*.whl")
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(folder)

    return artifact.built("oca", artifact.fingerprint(OCA), build) / "odoo" / "addons"
