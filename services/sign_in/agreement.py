"""Which scopes a sign-in grants: as its user decided on the page, or on an earlier one.

- Nothing more is granted than the page showed and the user left, and to no other user;
  the user is told of what was left and is not granted.
- A grant keeps what its page showed. So a user who has decided is not asked again: what
  was left is granted, and what was taken away stays away.
- Of each scope the latest decision counts, of the grants that are in force. One on a
  page ends what earlier grants say of its scopes: when the new grant is over, the user
  is asked.
- A scope that no page showed is asked about, and so is one that opens more since.
"""

import json
from typing import NamedTuple

from odoo import fields
from odoo.fields import Domain
from odoo.tools import SQL

from ...protocol.errors import AccessDenied, UnknownSignIn

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
    undecided, left, grants = asked, asked.browse(), []
    while undecided or not grants:
        grant = _latest_grant(record, user, undecided)
        shown = _read(grant.agreement) if grant else set()
        decided = undecided.browse(
            each.id for each in undecided if (each.id, each.name) in shown
        )
        if (
            not grant
            or (undecided and not decided)
            or not decided._agreement() <= shown
        ):
            return None
        left |= decided & grant.scope_ids
        undecided -= decided
        grants.append(grant.id)
    # A page's decision at the same time writes to them, too: Odoo runs the later of the
    # two again, and it sees what the other has done.
    record.env.cr.execute(
        SQL(
            "UPDATE oauth2_client_user SET agreement = agreement WHERE id IN %s",
            tuple(grants),
        ),
        log_exceptions=False,
    )
    taken = _listed((asked - left).mapped("name"))
    return Agreement(
        left,
        kept=_written(asked._agreement()),
        reasons=(_REMEMBERED, *_told(_TAKEN, taken)),
    )


def end_earlier(grant):
    """Have a user's earlier grants say nothing more of what a page's decision is about.

    :param grant: the client API user that a page's decision has just made or renewed
    """
    decided = sorted({each[0] for each in _read(grant.agreement)})
    grant.env.flush_all()
    grant.env.cr.execute(
        SQL(
            """
            UPDATE oauth2_client_user
               SET agreement = jsonb_build_object('agreement', COALESCE((
                       SELECT jsonb_agg(each)
                         FROM jsonb_array_elements(agreement->'agreement') each
                        WHERE (each->>0)::int != ALL(%(decided)s)), '[]'))
             WHERE api_id = %(api)s AND client_id = %(client)s AND user_id = %(user)s
               AND id != %(grant)s AND EXISTS (
                       SELECT FROM jsonb_array_elements(agreement->'agreement') each
                        WHERE (each->>0)::int = ANY(%(decided)s))
            """,
            decided=decided,
            api=grant.api_id.id,
            client=grant.client_id.id,
            user=grant.user_id.id,
            grant=grant.id,
        ),
        log_exceptions=False,  # of two at once the later is run again
    )
    grant.invalidate_model(["agreement"])


def _latest_grant(record, user, scopes):
    """:return: the client's latest grant of the user that is in force and whose page
    showed one of the scopes; whatever it showed, where there are none
    """
    # An array contains another one whose elements each are contained in one of its own.
    showed = [json.dumps([[each.id, each.name]]) for each in scopes] or ["[]"]
    domain = Domain(
        [
            ("api_id", "=", record.api_id.id),
            ("client_id", "=", record.client_id.id),
            ("user_id", "in", user.ids),
            ("state", "=", "active"),
            ("expires_at", ">", fields.Datetime.now()),
        ]
    ) & Domain.custom(
        to_sql=lambda _model, alias, _query: SQL(
            "%s->'agreement' @> ANY(%s::jsonb[])",
            SQL.identifier(alias, "agreement"),
            showed,
        )
    )
    grants = record.env["oauth2.client.user"].sudo()
    latest = "authorized_at desc, id desc"
    return grants.search_fetch(domain, ["agreement"], order=latest, limit=1)


def _written(agreement):
    return {"agreement": sorted(agreement)}


def _read(kept):
    return {tuple(each) for each in kept["agreement"]}


def _listed(names):
    return tuple(sorted(names))


def _told(text, names):
    return (text % ", ".join(names),) if names else ()
