"""TCP ports on this machine."""

import socket


def is_free(port):
    """Whether nothing listens on the port, on either loopback address."""
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((address, port))
        except OSError as error:
            # A machine without IPv6 has nothing listening there either.
            if family == socket.AF_INET or error.errno == 98:
                return False
    return True


def free(preferred=None):
    """The preferred port if it is free, else one that is."""
    if preferred and is_free(preferred):
        return preferred
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
