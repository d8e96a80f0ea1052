"""TCP ports on this machine."""

import socket


class Listening:
    """A port of 127.0.0.1 that is ours from the moment on that it is chosen.

    A client that connects waits until a server takes ``socket`` over. No other process
    can be found at ``localhost`` instead: the port of ::1 is held, too.
    """

    def __init__(self, preferred=0):
        """Listen on the preferred port if it is free, else on one that is."""
        for port in (preferred, *[0] * 20):
            try:
                self.socket = socket.create_server(("127.0.0.1", port), backlog=128)
            except OSError:
                continue
            self.port = self.socket.getsockname()[1]
            try:
                self._guard = _hold_ipv6(self.port)
            except OSError:
                self.socket.close()
                continue
            self.socket.setblocking(False)  # worker processes share it
            return
        raise OSError("no port is free")

    def close(self):
        """Give the port back."""
        for held in filter(None, (self.socket, self._guard)):
            held.close()

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self.close()


def _hold_ipv6(port):
    """A socket that keeps others off the port of ::1; None without IPv6."""
    try:
        guard = socket.socket(socket.AF_INET6)
    except OSError:
        return None
    try:
        guard.bind(("::1", port))
    except OSError as error:
        guard.close()
        if error.errno == 98:
            raise
        return None
    return guard


def free():
    """A port that was free a moment ago."""
    with Listening() as listening:
        return listening.port
