"""Requests and answers as a person likes to read them."""

import json
import os
import re
import sys

SECRET_NAMES = {
    "access_token",
    "refresh_token",
    "id_token",
    "client_secret",
    "client_user_identity",
    "code",
    "state",
    "nonce",
    "code_challenge",
}
SHOWN = 8  # characters of a secret
IN_QUERY = re.compile(r"\b(%s)=([^&\s]+)" % "|".join(sorted(SECRET_NAMES)))


def paint(text, code):
    """The text in a terminal colour, plain elsewhere."""
    if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        return f"\x1b[{code}m{text}\x1b[0m"
    return text


def shortened(value):
    """A secret's first characters and its length: ``eyJhbGci…(812 chars)``."""
    if len(value) <= SHOWN + 4:
        return value
    return f"{value[:SHOWN]}…({len(value)} chars)"


def without_secrets(value):
    """JSON data or a URL with its secrets shortened."""
    if isinstance(value, dict):
        return {
            key: shortened(item)
            if key in SECRET_NAMES and isinstance(item, str)
            else without_secrets(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [without_secrets(item) for item in value]
    if isinstance(value, str):
        return IN_QUERY.sub(lambda m: f"{m[1]}={shortened(m[2])}", value)
    return value


def title(number, text):
    """A step's heading."""
    print(f"\n{paint(f'{number}. {text}', '1')}", flush=True)


def request(method, url, headers=None, body=None):
    """Show a request before it is sent."""
    print(f"   {paint('→', '36')} {method} {without_secrets(url)}")
    for name, value in (headers or {}).items():
        words = value.split(" ", 1)
        if name == "Authorization":
            value = f"{words[0]} {shortened(words[-1])}"
        print(f"       {name}: {value}")
    if body is not None:
        print(f"       {_compact(body)}")


def answer(response, *, headers=()):
    """Show an answer: its status, the named headers, its JSON."""
    colour = "32" if response.status_code < 400 else "33"
    status = paint(f"{response.status_code} {response.reason}", colour)
    print(f"   {paint('←', '36')} {status}")
    for name in headers:
        if name in response.headers:
            print(f"       {name}: {response.headers[name]}")
    try:
        print(f"       {_compact(response.json())}")
    except ValueError:
        if response.is_redirect:
            print(f"       Location: {without_secrets(response.headers['Location'])}")
        elif response.text:
            print(f"       {response.text[:200].strip()}")


def _compact(data):
    """JSON on one line if it is short, one member a line if not."""
    data = without_secrets(data)
    if isinstance(data, list) and len(data) > 3:
        shown = [*data[:3], f"… and {len(data) - 3} more"]
    else:
        shown = data
    line = json.dumps(shown, ensure_ascii=False)
    if len(line) <= 80:
        return line
    return json.dumps(shown, ensure_ascii=False, indent=2).replace("\n", "\n       ")


def note(text):
    """A remark about what happens."""
    print(f"     {paint(text, '2')}")


def verdict(ok, text):
    """What was to be, and whether it is."""
    mark = paint("✓", "32") if ok else paint("✗", "31;1")
    print(f"   {mark} {text}", flush=True)
