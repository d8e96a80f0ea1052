"""Which scopes a sign-in grants: as its user decided on the page, or on an earlier one.

- Nothing more is granted than the page showed and the user left, and to no other user;
  the user is told of what was left and is not granted.
- A grant keeps what its page showed. So a user who has decided is not asked again: what
  was left is granted, and what was taken away stays away.
- Of each scope the latest decision counts, of the grants that are in force.
- A scope that no page showed is asked about, and so is one that opens more since.
"""

from typing import NamedTuple

from odoo import fields

from ..protocol.errors import AccessDenied, UnknownSignIn

_CHANGED = "Not granted, because they changed since the page was shown: %s."
_TAKEN = "The user took away: %s."
_READ_ONLY = "The user allowed reading only, and took away: %s."
_REMEMBERED = "The user has allowed it before, and was not asked again."


class Agreement(NamedTuple):
    """What a user agrees to, as far as it is granted."""

    scopes: object  # the oauth2.scope records that are granted
    kept: dict | bool = False  # what the grant keeps of the page; of none, nothing
    withheld: tuple = ()  # names of scopes that the user left, and that are not granted
    reasons: tuple = ()  # what the audit log tells


def reading_alone(agreement):
    """Find the scopes that open reading and nothing else.

    One that opens nothing over JSON-2 is none: what routes do by its name is not known.

    :param agreement: as of ``oauth2.scope._agreement``
    :return: set of ids of scopes
    """
    opened = {}
    for scope_id, *_model, what in (each for each in agreement if len(each) == 3):
        opened.setdefault(scope_id, set()).add(what)
    return {scope_id for scope_id, kinds in opened.items() if kinds == {"read"}}


def shown_to(user, scopes):
    """:return: dict of what a page shows of scopes, which :func:`by_page` is given"""
    return {"user": user.id, **_written(scopes._agreement())}


def without_page(record):
    """:param record: the ``oauth2.authorization.request``
    :return: the :class:`Agreement` of a sign-in that shows no page
    """
    return Agreement(record._scopes())


def by_page(record, user, shown, ticked, reads_only):
    """
    :param record: the ``oauth2.authorization.request``
    :param user: as whom the application would act
    :param shown: as of :func:`shown_to`
    :param ticked: set of the ids, as texts, of the scopes that the user left
    :param reads_only: whether the user wants of these only what opens reading alone
    :return: an :class:`Agreement`
    :raises AccessDenied: the page showed another user
    :raises UnknownSignIn: an earlier version made the page
    """
    if user.id != shown.get("user"):
        reason = f"The page showed another user than {user.sudo().login}."
        raise AccessDenied(reason=reason, cause="other_account")
    if "agreement" not in shown:
        raise UnknownSignIn(
            reason="The page was made by an earlier version of this addon."
        )
    agreed = _read(shown)
    names = dict(each for each in agreed if len(each) == 2)
    left = {each for each in names if str(each) in ticked}
    if reads_only:
        left &= reading_alone(agreed)
    scopes = record._scopes().filtered(
        lambda scope: scope.id in left and scope._agreement() <= agreed
    )
    withheld = left - set(scopes.ids)
    taken = _listed(names[each] for each in names.keys() - left)
    changed = _listed(names[each] for each in withheld)
    return Agreement(
        scopes,
        # Of what is withheld the user has decided nothing that counts.
        kept=_written(each for each in agreed if each[0] not in withheld),
        withheld=changed,
        reasons=(
            *_told(_CHANGED, changed),
            *_told(_READ_ONLY if reads_only else _TAKEN, taken),
        ),
    )


def by_earlier_pages(record, user):
    """
    :param record: the ``oauth2.authorization.request``
    :param user: as whom the application would act
    :return: the :class:`Agreement` that follows from what the user has decided before,
        ``None`` where the user is to be asked
    """
    asked = record._scopes()
    undecided, left = asked, asked.browse()
    grants = _grants_with_page(record, user)
    for grant in grants:
        shown = _read(grant.agreement)
        decided = asked.browse(
            each.id for each in undecided if (each.id, each.name) in shown
        )
        if not decided._agreement() <= shown:
            return None
        left |= decided & grant.scope_ids
        undecided -= decided
    if undecided or not grants:
        return None
    taken = _listed((asked - left).mapped("name"))
    return Agreement(
        left,
        kept=_written(asked._agreement()),
        reasons=(_REMEMBERED, *_told(_TAKEN, taken)),
    )


def _grants_with_page(record, user):
    """:return: the client's grants of the user that are in force, the latest first"""
    domain = [
        ("api_id", "=", record.api_id.id),
        ("client_id", "=", record.client_id.id),
        ("user_id", "in", user.ids),
        ("state", "=", "active"),
        ("expires_at", ">", fields.Datetime.now()),
    ]
    grants = record.env["oauth2.client.user"].sudo()
    latest = "authorized_at desc, id desc"
    found = grants.search_fetch(domain, ["agreement"], order=latest)
    return found.filtered("agreement")


def _written(agreement):
    return {"agreement": sorted(agreement)}


def _read(kept):
    return {tuple(each) for each in kept["agreement"]}


def _listed(names):
    return tuple(sorted(names))


def _told(text, names):
    return (text % ", ".join(names),) if names else ()
