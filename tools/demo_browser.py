"""What a person does in a browser at the provider, done by a program."""

import html
import re
from urllib.parse import urljoin

import requests

import demo_print

TIMEOUT_SECONDS = 30
MAX_HOPS = 15


class LostWay(Exception):
    """The provider's pages are not what they should be."""


def sign_in(url, user, base, show=True):
    """Follow an authorization URL to its end.

    :param url: the authorization URL
    :param user: the user name to sign in with; any password will do
    :param base: Odoo's address, where the way ends
    :param show: whether to print the way
    :return: the answer of Odoo's callback
    """
    browser = requests.Session()
    # A program that follows the redirect itself gets JSON; a person's browser gets
    # a page that asks once more.
    browser.headers = {"User-Agent": "demo-walk", "Accept": "application/json"}
    answer = _get(browser, url)
    for _hop in range(MAX_HOPS):
        if answer.is_redirect:
            url = urljoin(answer.url, answer.headers["Location"])
            if show and url.startswith(base):
                demo_print.note("The provider sends the browser back to Odoo:")
                demo_print.request("GET", url)
            answer = _get(browser, url)
        elif "<form" in answer.text and not answer.url.startswith(base):
            answer = _submit(browser, answer, user, show)
        else:
            return answer
    raise LostWay("the provider sent the browser round and round")


def _get(browser, url):
    return browser.get(url, allow_redirects=False, timeout=TIMEOUT_SECONDS)


def _submit(browser, page, user, show):
    """Fill in and send the one form of a page of node-oidc-provider."""
    action = re.search(r'<form[^>]* action="([^"]+)"', page.text)
    if not action:
        raise LostWay("the provider's page has no form")
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    what = "consent form: Continue"
    if 'name="login"' in page.text:
        what = f"sign-in form: {user}, any password"
        fields |= {"login": user, "password": "any"}
    if show:
        demo_print.note(f"The provider's {what}")
    target = urljoin(page.url, html.unescape(action[1]))
    return browser.post(
        target, data=fields, allow_redirects=False, timeout=TIMEOUT_SECONDS
    )
