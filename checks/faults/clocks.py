"""Clocks that differ by two minutes: the provider's, and those of two servers."""

import contextlib
import email.utils
import pathlib
import time

import requests
import server
from world import Fault, at, odoo

import debian
import ports
from console import Failure

SKEW = 120  # seconds


def fake_time_library():
    """Return the library that shifts a process's clock, None if it cannot be had."""
    with contextlib.suppress(Failure):
        debian.require("libfaketime")
    found = sorted(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    return found[0] if found else None


class ProviderClock(Fault):
    def sign_in(self, ahead):
        self.site = self.make_site()  # with id_tokens
        self.provider.clock_ahead = ahead
        _first, identity = self.site.authorize()
        self.refreshed(identity)
        self.assertExplained("grant")

    def test_ahead(self):
        """provider's clock two minutes ahead"""
        self.sign_in(SKEW)

    def test_behind(self):
        """provider's clock two minutes behind, and what it signs is of a minute"""
        brief = {"exp": int(time.time()) - SKEW + 60}  # by ours it is over
        self.provider.id_token_claims_override = brief
        self.sign_in(-SKEW)


class ServerClock(Fault):
    """A second server on the same database, whose clock differs."""

    @contextlib.contextmanager
    def other_server(self, ahead):
        library = fake_time_library()
        if not library:
            self.skipTest("libfaketime cannot be installed here")
        shifted = {
            "LD_PRELOAD": str(library),
            "FAKETIME": f"{ahead:+d}s",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_NO_CACHE": "1",
        }
        port, other = ports.free(), odoo()
        before, other.extra_env = other.extra_env, other.extra_env | shifted
        try:
            serving = other.serving(
                server.DB,
                port,
                "--workers=2",
                "--max-cron-threads=0",
                log=f"faults-clock{ahead:+d}.log",
            )
            with serving:
                other.extra_env = before
                url = f"http://localhost:{port}"
                self.assertShifted(url, ahead)
                yield url
        finally:
            other.extra_env = before

    def assertShifted(self, url, ahead):
        told = requests.get(f"{url}/web/health", timeout=30).headers["Date"]
        theirs = email.utils.parsedate_to_datetime(told).timestamp()
        self.assertAlmostEqual(theirs - time.time(), ahead, delta=10)

    def play(self, ahead):
        with self.other_server(ahead) as url:
            _first, identity = self.site.authorize()
            self.provider.calls.clear()
            with at(url, server.DB):
                second = self.refresh(identity)
                self.assertEqual(second.status_code, 200, second.text)
                # Each server honours what the other one obtained.
                token = second.json()["access_token"]
                self.assertEqual(self.site.partners(token).status_code, 200)
            self.assertEqual(self.site.partners(token).status_code, 200)
            # The same answer, or a new one; never a spent refresh token.
            self.refreshed(identity)
            third = self.refresh(identity, refresh_token=self.current())
            self.assertEqual(third.status_code, 200, third.text)
            with at(url, server.DB):
                fourth = self.refresh(
                    identity, refresh_token=third.json()["refresh_token"]
                )
                self.assertEqual(fourth.status_code, 200, fourth.text)
            self.assertExplained("grant")
            with at(url, server.DB):
                other, others = self.site.authorize()
            self.assertEqual(self.site.partners(other["access_token"]).status_code, 200)
            self.assertEqual(self.site.revoke(others).status_code, 200)
            with at(url, server.DB):
                self.assertEqual(self.site.revoke(identity).status_code, 200)
            self.assertExplained()

    def current(self):
        return self.provider.grants[0]["refresh"][-1]

    def test_ahead(self):
        """one server's clock two minutes ahead of the other's and the database's"""
        self.play(SKEW)

    def test_behind(self):
        """one server's clock two minutes behind the other's and the database's"""
        self.play(-SKEW)
