"""A provider that answers oddly where a request of the fuzzing wants it to."""

import json
import threading
from dataclasses import dataclass

import generators
from hypothesis import strategies as st
from providers import QuickProvider


@dataclass(frozen=True)
class Fault:
    """One odd answer of an endpoint: ``token``, ``userinfo`` or ``revocation``.

    The good answer with other members (`members`: name and JSON text each), or this
    status, these headers and this body; no status is a connection that is closed.
    """

    endpoint: str
    members: tuple = ()
    status: int = 0
    headers: tuple = ()
    body: bytes = b""

    def send(self, handler, good):
        """Answer. `good` is the JSON value of the answer that was due."""
        headers = {"Content-Type": "application/json", **dict(self.headers)}
        if self.members:
            kept = {name: json.dumps(value) for name, value in (good or {}).items()}
            told = {**kept, **dict(self.members)}
            pairs = (f"{json.dumps(name)}: {text}" for name, text in told.items())
            handler.reply(200, f"{{{', '.join(pairs)}}}".encode(), headers)
        elif self.status:
            handler.reply(self.status, self.body, headers)


_MEMBERS = {
    "token": (
        "access_token",
        "token_type",
        "expires_in",
        "refresh_token",
        "scope",
        "id_token",
        "error",
        "error_description",
    ),
    "userinfo": ("sub", "email", "email_verified", "name", "iss", "aud"),
}
_ERRORS = ("invalid_grant", "invalid_client", "temporarily_unavailable", "x")
_HEADERS = {
    "Content-Type": ("", "text/html", "application/json; charset=x", "multipart/x"),
    "Content-Encoding": ("gzip", "br", "x"),
    "Content-Length": ("0", "1", "-1", "x", "5, 5"),
    "Location": ("/", "http://127.0.0.1:1/", "//", "\xff"),
    "Retry-After": ("0", "-1", "9" * 30, "x", "Thu, 01 Jan 1970 00:00:00 GMT"),
    "Set-Cookie": ("a=b", "=;;"),
    "Transfer-Encoding": ("chunked", "x"),
    "WWW-Authenticate": ("Basic", "\xff", 'Bearer error="x'),
    "X-Long": ("a" * 70_000,),
}
_headers = st.lists(
    st.sampled_from(
        [(name, value) for name, values in _HEADERS.items() for value in values]
    ),
    max_size=2,
).map(tuple)
_bodies = st.one_of(
    generators.bodies,
    st.sampled_from(_ERRORS).map(lambda e: json.dumps({"error": e}).encode()),
)


def _changed(names):
    """A strategy of members that are changed or added."""
    pair = st.tuples(st.sampled_from(names), generators.values.map(json.dumps))
    return st.lists(pair, min_size=1, max_size=2).map(tuple)


def faults(endpoint):
    """A strategy of an endpoint's odd answers."""
    answers = st.builds(
        Fault,
        st.just(endpoint),
        status=st.sampled_from((0, 200, 200, 201, 204, 302, 400, 400, 401, 429, 500)),
        headers=_headers,
        body=_bodies,
    )
    if endpoint not in _MEMBERS:
        return answers
    members = _changed(_MEMBERS[endpoint])
    return st.one_of(answers, st.builds(Fault, st.just(endpoint), members=members))


class OddProvider(QuickProvider):
    """It behaves, but for what it was told of a code or a token."""

    def __init__(self):
        super().__init__()
        self.misbehaved = 0  # how often
        self._expected = {}
        self._counting = threading.Lock()

    def misbehave(self, fault, *secrets):
        """Answer this where one of these codes or tokens comes along."""
        self._expected.update(dict.fromkeys(secrets, fault))

    def on_token(self, handler, params):
        secret = params.get("code") or params.get("refresh_token")
        fault = self._expected.get(secret)
        answer = super().on_token(handler, params)
        if fault and answer[0] == 200:
            # A call with the new token is a part of the same request.
            self.misbehave(fault, answer[1]["access_token"])
        return self._answer("token", fault, handler, answer)

    def on_userinfo(self, handler, params):
        token = handler.headers.get("Authorization", "").removeprefix("Bearer ")
        answer = super().on_userinfo(handler, params)
        return self._answer("userinfo", self._expected.get(token), handler, answer)

    def on_revocation(self, handler, params):
        answer = super().on_revocation(handler, params)
        fault = self._expected.get(params.get("token"))
        return self._answer("revocation", fault, handler, answer)

    def _answer(self, endpoint, fault, handler, answer):
        if not fault or fault.endpoint != endpoint:
            return answer
        with self._counting:
            self.misbehaved += 1
        fault.send(handler, answer[1])
        return None
