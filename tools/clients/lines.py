"""JSON lines, in and out."""

import json
import sys


def hear():
    """Return the next line's value."""
    return json.loads(sys.stdin.readline())


def say(value):
    print(json.dumps(value), flush=True)
