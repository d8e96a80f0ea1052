"""Addresses of web pages that an administrator writes down."""

from urllib.parse import urldefrag, urlsplit

from .network_policy import is_safe_url


def is_origin(text):
    """Return whether `text` is an origin as a browser sends it (RFC 6454 section 6.2):
    https, or http to this very machine, a host and maybe a port; no wildcard.
    """
    if "*" in text or not is_safe_url(text):
        return False
    parts = urlsplit(text)
    return text == f"{parts.scheme}://{parts.netloc}".lower()


def is_https_page(text):
    """Return whether `text` is an https address, maybe of a part of its page."""
    url = urldefrag(text).url
    return urlsplit(url).scheme == "https" and is_safe_url(url)
