"""A web server on this machine, in threads of its own, for as long as a block runs."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class LoopbackServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, handler):
        """:param handler: class of a :class:`QuietHandler`"""
        super().__init__(("127.0.0.1", 0), handler)

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_args):
        self.shutdown()
        self.server_close()


class QuietHandler(BaseHTTPRequestHandler):
    def send_page(self, html):
        """Answer with a page, or with 404 where there is none."""
        self.send_response(404 if html is None else 200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write((html or "").encode())

    def log_message(self, *_args):
        """Say nothing."""
