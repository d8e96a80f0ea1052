"""What Python imports when Odoo starts for ``./dev screenshots``: a made-up provider.

Its name leads to this machine, its port 443 to the one that the file SCREENSHOTS_PORT
names. The code of the addon is what it always is.
"""

import os
import pathlib
import socket

NAME, HOST = "login.example.com", "127.0.0.1"

_getaddrinfo, _connect = socket.getaddrinfo, socket.socket.connect


def getaddrinfo(host, *args, **kwargs):
    return _getaddrinfo(HOST if host == NAME else host, *args, **kwargs)


def connect(self, address):
    if address == (HOST, 443):
        address = HOST, int(pathlib.Path(os.environ["SCREENSHOTS_PORT"]).read_text())
    return _connect(self, address)


if "SCREENSHOTS_PORT" in os.environ:
    socket.getaddrinfo, socket.socket.connect = getaddrinfo, connect
