"""What ``./dev bench`` counts as an answer, and what it says of a target."""

import shutil
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import bench_report
import bench_tokens
import measure
from console import Failure

_FORM = "grant_type=refresh_token&refresh_token="


class _Server(ThreadingHTTPServer):
    """Rotates refresh tokens, each of which it has to be sent once."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.lock, self.sent, self.issued = threading.Lock(), [], 0
        self.broken_after = None  # answers

    def rotate(self, body):
        with self.lock:
            self.sent.append(body.removeprefix(_FORM))
            self.issued += 1
            if self.issued == self.broken_after:
                return '{"refresh_token": ""}'
            return f'{{"refresh_token": "token-{self.issued}"}}'


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        data = self.server.rotate(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        """Say nothing."""


@unittest.skipUnless(shutil.which("wrk"), "wrk is not installed; ./dev bench does it")
class TestLoad(unittest.TestCase):
    def setUp(self):
        super().setUp()
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.chain = Path(folder, "chain")
        self.first = [f"first-{number}" for number in range(20)]
        self.chain.write_text("\n".join([*self.first, ""]))
        self.server = self.enterContext(_Server())
        thread = threading.Thread(target=self.server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.server.shutdown)

    def load(self):
        call = measure.Call(
            f"http://127.0.0.1:{self.server.server_address[1]}/",
            body=_FORM,
            expected=bench_tokens.ROTATED,
            chain=self.chain,
        )
        return measure.load(call, seconds=1, connections=2)

    def test_each_refresh_token_is_sent_once_also_by_the_next_load(self):
        for _round in range(2):
            rate, _p50, _p99 = self.load()
            self.assertGreater(rate, 0)
        sent = self.server.sent
        self.assertGreater(len(sent), len(self.first))
        self.assertEqual(len(sent), len(set(sent)))
        self.assertFalse(set(sent) & set(self.chain.read_text().split()))

    def test_a_load_loses_one_refresh_token_for_each_connection_and_wrks_own(self):
        self.load()
        left = len(self.chain.read_text().split())
        self.assertGreaterEqual(left, len(self.first) - 3)

    def test_one_answer_without_what_is_expected_voids_the_load_and_is_shown(self):
        self.server.broken_after = 50
        with self.assertRaisesRegex(Failure, '200 {"refresh_token": ""}'):
            self.load()


class TestReport(unittest.TestCase):
    def setUp(self):
        super().setUp()
        names = {
            name for ours, theirs, *_ in bench_tokens.TARGETS for name in (ours, theirs)
        }
        self.measured = {
            name: measure.Series([1000.0] * 3, [4.0] * 3, [8.0] * 3) for name in names
        }

    def verdicts(self):
        judge, _section = bench_report.PARTS["tokens"]
        return dict(
            zip(
                [(ours, theirs) for ours, theirs, *_ in bench_tokens.TARGETS],
                [passed for passed, _text in judge(self.measured)],
                strict=True,
            )
        )

    def test_a_target_is_missed_below_its_multiple_and_reached_at_it(self):
        self.measured["refresh plain"].rates = [667.0] * 3
        self.measured["refresh hashed"].rates = [50.0] * 3
        found = self.verdicts()
        self.assertIs(found["refresh ours", "refresh plain"], False)
        self.assertIs(found["refresh ours", "refresh hashed"], True)

    def test_the_table_tells_ours_as_a_multiple_of_each(self):
        self.measured["introspect bearer"].rates = [400.0, 500.0, 800.0]
        _judge, section = bench_report.PARTS["tokens"]
        [row] = [
            line for line in section(self.measured) if "a token of its own" in line
        ]
        self.assertIn("| 500 (400–800) | 2.00 (1.25–2.50) |", row)
