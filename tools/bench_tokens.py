"""Token endpoint and introspection of ``./dev bench``, beside django-oauth-toolkit's.

A contestant is a request and a server: ``refresh ours``, ``refresh plain``.
"""

import base64
import json
import time
import urllib.error
import urllib.request
from dataclasses import replace

import psutil

import measured_records
import places
import rate_limits
from console import Failure
from measure import Call

LABELS = {
    "ours": "this Odoo",
    "plain": "django-oauth-toolkit, client secrets in plain",
    "hashed": "django-oauth-toolkit, client secrets hashed (its default)",
    "bearer": "django-oauth-toolkit, the caller sends a token of its own",
}

# (ours, theirs, what, at least), as of bench_contestants
TARGETS = (
    ("client_credentials ours", "client_credentials plain", "throughput", 0.9),
    ("client_credentials ours", "client_credentials hashed", "throughput", 20),
    ("refresh ours", "refresh plain", "throughput", 1.5),
    ("refresh ours", "refresh hashed", "throughput", 20),
    ("introspect ours", "introspect bearer", "throughput", 1.0),
    ("introspect ours", "introspect hashed", "throughput", 20),
)

# What each answer has, in Lua; ``wrk.lua`` sends next what a refresh captures.
ISSUED = '"access_token": ?"[%w_-]+"'
ROTATED = '"refresh_token": ?"([%w_-]+)"'
ACTIVE = '"active": ?true'

#: Of each server, of as many grants. A load loses those that are under way at its end.
REFRESH_TOKENS = 1000

QUIET = 0.2  # seconds in which a server with nothing to do takes next to no time


SCRIPT = """
import json, pathlib
from odoo.addons.api_auth_oauth2.tests.common import OAuth2Records

class Maker(OAuth2Records):
    pass

Maker.env = env
oauth2_api = Maker.find_api("orders")
user = Maker.make_user("tokens@example.com")

def client(name, **values):
    made = Maker.make_client(
        oauth2_api, env["oauth2.provider"], name=name, client_identifier=name,
        client_secret=False, client_type="confidential", **values)
    return made, [name, made._generate_secret()]

service, proof = client(
    "service", allows_client_credentials=True, service_user_id=user.id)
asking, its_proof = client(
    "asking", redirect_uris="https://client.example.com/callback",
    allows_authorization_code=True, allows_refresh_token=True)
grant, token = Maker.make_grant(asking, user, issuer="https://issuer.example.com")
for name, value in LIMITS.items():
    env["ir.config_parameter"].set_param(name, value)
env.cr.commit()
told = {"service": proof, "client": its_proof, "token": token, "grant": grant.id}
pathlib.Path(RESULT).write_text(json.dumps(told))
"""


def make(odoo, made, database):
    """Make the clients and tokens of this Odoo; returns what ``calls`` takes.

    Its rate limits are on, and count, with numbers that the load does not reach.
    """
    limits = rate_limits.parameters(10**9)
    told = measured_records.ask(odoo, database, "bench-tokens", SCRIPT, LIMITS=limits)
    grant, count = told["grant"], REFRESH_TOKENS
    issued = {"label": "odoo_rt_bench", "is_issued": "true"}
    rows = measured_records.tokens(grant, 2 * count, count, **issued)
    made.execute(database, measured_records.grants(grant, count), *rows, "ANALYZE")
    tokens = [f"odoo_rt_bench-refresh-{number}" for number in range(count)]
    return told | {"refresh_tokens": tokens}


def calls(our_host, ours, their_host, theirs):
    """The requests of all contestants, by key.

    :param dict ours: what ``_calls`` takes
    :param dict theirs: the same of each configuration, and ``bearer``
    """
    oauth2, toolkit = f"http://{our_host}/orders/oauth2", f"http://{their_host}/o"
    issued_by_toolkit = f"{toolkit}/token/", f"{toolkit}/introspect/"
    made = _calls("ours", f"{oauth2}/token", f"{oauth2}/introspect", ours)
    for server in ("plain", "hashed"):
        made |= _calls(server, *issued_by_toolkit, theirs[server])
    asking = made["introspect plain"]
    bearer = ("Authorization", f"Bearer {theirs['bearer']}")
    made["introspect bearer"] = replace(asking, headers=(asking.headers[0], bearer))
    return {name: made[name] for name in sorted(made, key=_order)}


def _calls(server, issuing, asking, told):
    """The requests to one server.

    :param dict told: ``service`` and ``client``, each an id and a secret: one asks
        for tokens of its own; of the second are ``token`` and ``refresh_tokens``
    """
    form = (("Content-Type", "application/x-www-form-urlencoded"),)
    service, client = (form + _basic(*told[name]) for name in ("service", "client"))
    chain = places.DEV / f"bench-refresh-{server}"
    chain.write_text("\n".join([*told["refresh_tokens"], ""]))
    refresh, rotating = "grant_type=refresh_token&refresh_token=", {"chain": chain}
    asked, issue = f"token={told['token']}", "grant_type=client_credentials"
    made = {
        "client_credentials": Call(issuing, service, issue, expected=ISSUED),
        "refresh": Call(issuing, client, refresh, expected=ROTATED, **rotating),
        "introspect": Call(asking, client, asked, expected=ACTIVE),
    }
    return {f"{name} {server}": call for name, call in made.items()}


def _basic(client_id, secret):
    """The header of a client that authenticates (RFC 6749 section 2.3.1)."""
    text = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    return (("Authorization", f"Basic {text}"),)


def _order(name):
    request, server = name.split(" ")
    wanted = [ours.split(" ")[0] for ours, *_rest in TARGETS]
    return wanted.index(request), list(LABELS).index(server)


def prove(made):
    """Raise Failure unless answers are true, and not only well made: what a server
    issues is active there, and neither what it replaced nor an unknown token is.

    :param made: what ``calls`` returns
    """
    for server in ("ours", "plain", "hashed"):
        issuing, refreshing, asking = (
            made[f"{request} {server}"]
            for request in ("client_credentials", "refresh", "introspect")
        )
        old, *others = refreshing.chain.read_text().split()
        issued = _answer(issuing, issuing.body)["access_token"]
        rotated = _answer(refreshing, refreshing.body + old)
        by_service = replace(asking, headers=issuing.headers)
        truths = [
            _answer(by_service, f"token={issued}")["active"],
            _answer(asking, f"token={rotated['access_token']}")["active"],
            rotated["refresh_token"] not in (old, *others),
            not _answer(asking, f"token={'x' * 43}")["active"],
        ]
        if not all(truths):
            raise Failure(f"{LABELS[server]} did not do what was asked: {truths}")
        rest = [*others, rotated["refresh_token"], ""]
        refreshing.chain.write_text("\n".join(rest))


def _answer(call, body):
    """The JSON that one request is answered with."""
    request = urllib.request.Request(call.url, body.encode(), dict(call.headers))
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        text = error.read().decode(errors="replace")
        raise Failure(f"{call.url} answered {error.code}: {text}") from None


def until_quiet(*servers):
    """Return when servers have nothing to do, for they take turns.

    A load ends with requests under way, which a slow server has yet to work at.

    :param servers: processes whose children work
    """
    workers = [
        worker
        for server in servers
        for worker in psutil.Process(server.pid).children(recursive=True)
    ]
    spent = _seconds(workers)
    while True:
        time.sleep(QUIET)
        before, spent = spent, _seconds(workers)
        if spent - before <= QUIET / 10:
            return


def _seconds(workers):
    """Seconds of a processor that they have taken so far."""
    times = [worker.cpu_times() for worker in workers]
    return sum(one.user + one.system for one in times)
