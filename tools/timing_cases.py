"""What must take equally long: run under the virtual environment's Python.

``timing_cases.py SAMPLES``, with the variables of ``checks/e2e``. Each case is two
requests that a stranger could time; they are sent in turns, in random order.
"""

import gc
import http.client
import json
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from providers import QuickProvider
from server import DB, SECRET, URL, Administrator, Site
from standard_client import StandardClient

from timing_statistics import TAILS, compare, detectable, detectable_part

WARM_UP = 20
CALIBRATION = 100  # turns in which it is found what all of them will be able to tell

#: A difference that has to be found, or nothing is told: one query more than another
#: (half a millisecond with all that is made of it), or a tenth of an answer that takes
#: long; one in five answers that takes much longer.
SENSIBLE_SECONDS = 0.0005
SENSIBLE_SHARE = 0.1
SENSIBLE_PART = 0.2

#: Told apart: a failure; a machine too busy to measure; no secret, for information.
EQUAL, CONTROL, PUBLIC = "equal", "control", "public"


@dataclass(frozen=True)
class Case:
    """Two requests, each a function that returns how many seconds it took."""

    name: str
    left: Callable
    right: Callable
    kind: str = EQUAL
    share: float = 1.0  # of the samples; some take longer to get

    def blind_spot(self, durations, samples):
        """Say which difference that has to be found would not be; None for none.

        :param durations: two lists of seconds, of some or all of the samples
        :param samples: how many there are in all, of a whole case
        """
        if self.kind != EQUAL:
            return None
        size = int(samples * self.share)
        part = detectable_part(size)
        if part is None or part > SENSIBLE_PART:
            return f"{size} samples do not tell that one in five takes much longer"
        found = detectable(*durations, size)
        # The fastest one tells how long it takes when the machine does nothing else.
        wanted = max(SENSIBLE_SECONDS, SENSIBLE_SHARE * min(map(min, durations)))
        if found > wanted:
            return (
                f"{size} samples like these tell {1000 * found:.2f} ms apart, and"
                f" {1000 * wanted:.2f} ms must be: this machine is too busy, or they"
                " are too few"
            )
        return None


class Stranger:
    """A caller who sends requests and has a good clock."""

    def __init__(self):
        parts = urlsplit(URL)
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port)
        self.answer = b""  # to the last request

    def send(self, method, path, *, expected, body=None, headers=None, delay=0):
        """Send a request; return how many seconds its answer took.

        :param float delay: seconds by which the answer seems to come later
        """
        headers = {"Accept": "*/*", "X-Odoo-Database": DB, **(headers or {})}
        # Each comes from an address of its own, so that no limit is met.
        address = ".".join(str(random.randrange(1, 255)) for _ in range(3))
        headers["X-Forwarded-For"] = f"10.{address}"
        headers["X-Forwarded-Host"] = urlsplit(URL).netloc
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        began = time.perf_counter()
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        self.answer = answer.read()
        late = time.perf_counter() + delay
        while time.perf_counter() < late:
            pass
        seconds = time.perf_counter() - began
        if answer.status != expected:
            sys.exit(f"{path} answered {answer.status}, not {expected}")
        return seconds


class Cases:
    """The records, and the requests of each case."""

    def __init__(self, provider):
        administrator = Administrator()
        self._provider = provider
        self._stranger = Stranger()
        self._site = Site(administrator).use(provider)
        self._site.authorize("42")
        ended, identity = self._site.authorize()
        self._site.revoke(identity)
        self._ended = ended["access_token"]
        [_model, group] = administrator.call(
            "ir.model.data", "check_object_reference", "base", "group_system"
        )
        self._own = StandardClient(self._site, administrator)
        self._other = StandardClient(self._site, administrator)
        self._code, _verifier = self._own.code()
        self._issued = self._own.tokens()
        # No user who signs in may use this one.
        self._closed = Site(administrator, {"allowed_group_ids": [group]})
        self._closed.use(provider)

    def all(self):
        """Yield every Case but the one with a delay."""
        for name, proof in (
            ("access", {"bearer": "wrong"}),
            ("refresh", {"refresh_token": "wrong"}),
        ):
            for endpoint in ("token", "revoke"):
                yield Case(
                    f"{endpoint}, wrong {name} token: identity exists / does not",
                    self._call(endpoint, 400, client_user_identity="42", **proof),
                    self._call(endpoint, 400, client_user_identity="43", **proof),
                )
        yield Case(
            "provider/authorize: identity exists / does not",
            self._call("provider/authorize", 200, client_user_identity="42"),
            self._call("provider/authorize", 200, client_user_identity="43"),
        )
        yield Case(
            "token: secret right but for its end / wrong altogether",
            self._with_secret(SECRET[:-1] + "x"),
            self._with_secret("x" * len(SECRET)),
        )
        yield Case(
            "token: wrong secret, identity exists / does not",
            self._with_secret("wrong", "42"),
            self._with_secret("wrong", "43"),
        )
        yield Case(
            "a protected route: token of an ended grant / never issued",
            self._bearer(self._ended),
            self._bearer("x" * len(self._ended)),
        )
        yield Case(
            "callback: no such user / a user who may not use the API",
            self._sign_in("nobody@example.com"),
            self._sign_in(self._closed.login),
            share=0.6,
        )
        yield Case(
            "token: client exists, wrong secret / no such client",
            self._with_secret("wrong"),
            self._with_secret("wrong", client_id="nobody"),
            kind=PUBLIC,
        )
        yield from self._of_standard_clients()
        yield self.against_itself()
        yield Case(
            "no proof / wrong token",
            self._call("token", 401, client_user_identity="42"),
            self._call("token", 400, client_user_identity="42", bearer="wrong"),
            kind=CONTROL,
        )

    def _of_standard_clients(self):
        """Yield what holders of no secret, and of another client's, could time."""
        by_code = {"grant_type": "authorization_code", "code_verifier": "w" * 43}
        refresh = {"grant_type": "refresh_token"}
        access, token = self._issued["access_token"], self._issued["refresh_token"]
        for endpoint, status, form, kind, text in (
            ("token", 400, by_code, "code", self._code),
            ("token", 400, refresh, "refresh_token", token),
            ("introspect", 200, {}, "token", access),
            ("revoke", 200, {}, "token", access),
        ):
            unknown = text[:8] + "x" * 43
            yield Case(
                f"{endpoint}: a {kind} of another client / never issued",
                self._by_stranger(endpoint, status, **form, **{kind: text}),
                self._by_stranger(endpoint, status, **form, **{kind: unknown}),
            )
        yield Case(
            "token: wrong verifier, code exists / does not",
            self._by(self._own, "token", 400, **by_code, code=self._code),
            self._by(self._own, "token", 400, **by_code, code="odoo_ac_" + "x" * 43),
        )
        wrong = self._own.secret[:-1] + "!", "x" * len(self._own.secret)
        for endpoint in ("token", "introspect"):
            form = {"grant_type": "client_credentials", "token": access}
            yield Case(
                f"{endpoint}: secret here right but for its end / wrong altogether",
                *(
                    self._call(
                        endpoint,
                        401,
                        client_id=self._own.identifier,
                        client_secret=secret,
                        **form,
                    )
                    for secret in wrong
                ),
            )
            yield Case(
                f"{endpoint}: standard client exists, wrong secret / no such client",
                *(
                    self._call(
                        endpoint,
                        401,
                        client_id=identifier,
                        client_secret=wrong[1],
                        **form,
                    )
                    for identifier in (self._own.identifier, "nobody")
                ),
                kind=PUBLIC,
            )

    def _by(self, client, endpoint, expected, **form):
        names = {"client_id": client.identifier, "client_secret": client.secret}
        return self._call(endpoint, expected, **names, **form)

    def _by_stranger(self, endpoint, expected, **form):
        return self._by(self._other, endpoint, expected, **form)

    def against_itself(self, delay=0):
        """Return the Case of two requests that are the same.

        :param float delay: of the first, seconds that must be told apart
        """
        request = self._call("token", 400, client_user_identity="43", bearer="wrong")
        name = "one request against itself"
        if not delay:
            return Case(name, request, request)
        name += f", {delay * 1e6:.0f} µs later"
        return Case(name, lambda: request(delay=delay), request, kind=CONTROL)

    def _call(self, endpoint, expected, bearer=None, **body):
        path = f"/{self._site.endpoint}/oauth2/{endpoint}"
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        body = {"client_id": "demo-app", **body}

        def call(delay=0):
            options = {"body": body, "headers": headers, "delay": delay}
            return self._stranger.send("POST", path, expected=expected, **options)

        return call

    def _with_secret(self, secret, identity="42", **body):
        names = {"client_user_identity": identity, "client_secret": secret, **body}
        return self._call("token", 401, **names)

    def _bearer(self, token):
        path = f"/{self._site.endpoint}/partners"
        headers = {"Authorization": f"Bearer {token}"}
        return lambda: self._stranger.send("GET", path, expected=401, headers=headers)

    def _sign_in(self, email):
        """A whole sign-in at the provider; its callback is timed."""
        ask = f"/{self._closed.endpoint}/oauth2/provider/authorize"

        def sign_in():
            self._stranger.send(
                "POST", ask, expected=200, body={"client_id": "demo-app"}
            )
            asked = json.loads(self._stranger.answer)
            url = self._provider.sign_in(asked["authorization_url"], email)
            callback = url.removeprefix(URL)
            return self._stranger.send("GET", callback, expected=403)

        return sign_in


def measure(cases, samples):
    """Return the durations of all cases: of each, two lists of seconds.

    They take turns, so that whatever else the machine does happens to all of them.
    """
    print(f"Measuring {len(cases)} cases, {samples} times each", flush=True)
    taken = [([], []) for _case in cases]
    for turn in range(WARM_UP + samples):
        for case, durations in zip(cases, taken, strict=True):
            if int(turn * case.share) == int((turn - 1) * case.share):
                continue
            both = (case.left, case.right)
            for side in random.sample((0, 1), 2):
                seconds = both[side]()
                if turn >= WARM_UP:
                    durations[side].append(seconds)
        if turn % 100 == 0:
            print(f"  … turn {turn} of {WARM_UP + samples}", flush=True)
    return taken


def report(case, durations, samples):
    """Print a case and what was found; return whether that is as it should be."""
    found = compare(*durations)
    wrong = found.is_clear == (case.kind != CONTROL) and case.kind != PUBLIC
    blind_spot = None if found.is_clear else case.blind_spot(durations, samples)
    words = {
        (CONTROL, True): "told apart, as it must be",
        (CONTROL, False): "NOT TOLD APART: this machine is too busy to measure",
        (PUBLIC, True): "told apart: no secret",
        (EQUAL, True): "TOLD APART",
    }
    print(f"\n{case.name}")
    for which in (0, 1):
        low, middle, high = (1000 * value for value in found.quartiles[which])
        print(f"  {'AB'[which]}  {middle:.3f} ms, half of them {low:.3f}–{high:.3f}")
    tails = ", ".join(
        f"{100 * part:.0f} %: {left} to {right} (z {z:+.1f})"
        for part, (left, right, z) in zip(TAILS, found.tails, strict=True)
    )
    verdict = words.get((case.kind, found.is_clear), "not told apart")
    print(
        f"  t {found.t:+.1f}, A is slower in {50 + 100 * found.shift:.0f} % of pairs;"
        f" among the slowest {tails}"
    )
    if not found.is_clear:
        size = len(durations[0])
        later = detectable(*durations, size)
        part = detectable_part(size)
        verdict += f"; {later * 1e6:.0f} µs would have been, or {part:.1%} much slower"
    print(f"  {verdict}", flush=True)
    if blind_spot:
        print(f"  TELLS NOTHING: {blind_spot}", flush=True)
    return not wrong and not blind_spot


def main(samples):
    """Measure every case; return the exit status."""
    gc.disable()
    with QuickProvider() as provider:
        those = Cases(provider)
        cases = list(those.all())
        tried = measure(cases, CALIBRATION)
        blind_spots = [
            f"  {case.name}: {blind_spot}"
            for case, durations in zip(cases, tried, strict=True)
            if (blind_spot := case.blind_spot(durations, samples))
        ]
        if blind_spots:
            sys.exit("\n".join([f"{samples} would tell nothing of:", *blind_spots]))
        same = [case.name for case in cases].index(those.against_itself().name)
        cases.append(those.against_itself(detectable(*tried[same], samples)))
        taken = measure(cases, samples)
    told = [report(*each, samples) for each in zip(cases, taken, strict=True)]
    wrong = told.count(False)
    print(f"\nCases that are not as they should be: {wrong}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
