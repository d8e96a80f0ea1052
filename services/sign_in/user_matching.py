"""User matching: a provider's user becomes one Odoo user, or the sign-in is refused.

Each way takes the verified claims of one sign-in; none ever chooses between two users:

- ``login``: a claim equals the login of exactly one active user;
- ``oauth_uid``: the link that Odoo's own OAuth sign-in keeps;
- ``session``: the user who was signed in to this Odoo when the sign-in began;
- ``create``: a portal user is made for a verified email. An existing user, archived or
  not, is never handed over by its email: the account is known by issuer and subject.
"""

from urllib.parse import urlsplit

from odoo import SUPERUSER_ID

from ...protocol.email_address import normalize_email
from ...protocol.errors import AccessDenied, ServerError

_MAX_NAME = 128
_MAX_QUOTED = 300  # an address, and its quotes


class UserMatching:
    """The settings of one provider, applied to claims."""

    def __init__(self, provider):
        self.provider = provider
        self.env = provider.env

    def match(self, claims, session_user):
        """Find the Odoo user of a sign-in.

        :param dict claims: verified claims of id_token and userinfo
        :param session_user: for ``session`` matching, the user the sign-in is bound to
        :return: a ``res.users`` record; empty when :meth:`create_user` is to make one
        :raises AccessDenied: when no user, or more than one, may be meant
        """
        if problem := UserMatching(self.provider.with_context(lang=None)).problem():
            raise AccessDenied(reason=problem, cause="matching")
        if self.provider.user_matching == "session":
            return _exactly_one(session_user, "who started the sign-in")
        if self.provider.user_matching == "create":
            return self._created_user(claims)
        Users = self.env["res.users"].sudo().with_context(active_test=True)
        if self.provider.user_matching == "login":
            value = self.trusted_claim(claims, self._claim)
            domain = Users._get_login_domain(value)
            what = f"with the login {_quoted(value)}, which came as {self._claim}"
        else:
            link, subject = self.provider.sudo().auth_provider_id, self.subject(claims)
            domain = [("oauth_provider_id", "=", link.id), ("oauth_uid", "=", subject)]
            what = f"linked to the account {_quoted(subject)} of {link.name}"
        # With all that is read next: one query, whether there is such a user or not.
        found = Users.search_fetch(domain, ["active", "login"], limit=2)
        return _exactly_one(found, what)

    def _created_user(self, claims):
        """:return: the user made for this account before; empty when there is none"""
        account = [
            ("issuer", "=", self.issuer(claims)),
            ("subject", "=", self.subject(claims)),
        ]
        if made := self.env["oauth2.created.user"].sudo().search(account).user_id:
            what = f"who was made for the account {_quoted(self.subject(claims))}"
            return _exactly_one(made, what)
        email = self._new_login(claims)
        Users = self.env["res.users"].sudo().with_context(active_test=False)
        if Users.search_count([("login", "=ilike", _escape_like(email))], limit=1):
            raise AccessDenied(
                reason=f"A user with the login {_quoted(email)} exists already, and is"
                " not handed over to a new account.",
                cause="user_exists",
            )
        return Users.browse()

    def create_user(self, claims, company):
        """Make the portal user of a ``create`` sign-in, without a password.

        :param company: of the client, possibly none: Odoo's default
        :raises AccessDenied: when such a user exists by now, or none is to be made
        """
        if self.provider.user_matching != "create":
            raise AccessDenied(reason="No user was found for this sign-in.")
        self._created_user(claims)
        email = self._new_login(claims)
        # Not as the caller, who may have defaults of his own.
        users = self.env["res.users"].with_user(SUPERUSER_ID)
        companies = company and {
            "company_id": company.id,
            "company_ids": [(6, 0, company.ids)],
        }
        user = users.with_context(no_reset_password=True).create(
            {
                **(companies or {}),
                "login": email,
                "email": email,
                "name": _one_line(claims.get("name")) or email,
                "group_ids": [(6, 0, self.env.ref("base.group_portal").ids)],
            }
        )
        self.env["oauth2.created.user"].sudo().create(
            {
                "issuer": self.issuer(claims),
                "subject": self.subject(claims),
                "user_id": user.id,
            }
        )
        return user

    def _new_login(self, claims):
        """:raises AccessDenied: for text that is more or less than one plain address"""
        email = self.trusted_claim(claims, "email")
        try:
            return normalize_email(email)
        except ValueError as error:
            raise AccessDenied(
                reason=f"The email {_quoted(email)} is no plain address (one, ASCII,"
                " no name).",
                cause="claim",
            ) from error

    def issuer(self, claims):
        """:return: the name under which a grant's subject is unique"""
        provider = self.provider
        return claims.get("iss") or provider.issuer or provider.token_endpoint

    def subject(self, claims, user=None):
        """
        :param user: the Odoo user that the sign-in is bound to, if any
        :return: what names the provider's user for good, at most 255 characters. A
            provider that names none has the grant bound to the Odoo user alone, where
            that one is known without it (``session`` matching)
        :raises ServerError: no subject, no grant
        """
        name = self.provider.subject_claim or "sub"
        value = claims.get(name)
        if name not in claims:  # a path, as data.id
            value = claims
            for step in name.split("."):
                value = value.get(step) if isinstance(value, dict) else None
        if value is None and user and self.provider.user_matching == "session":
            return f"res.users:{user.id}"
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or not value or len(value) > 255:
            reason = f"The provider sends no claim {name}, which says who its user is."
            raise ServerError(reason=reason, cause="claim")
        return value

    @property
    def _claim(self):
        return self.provider.match_claim or "email"

    def trusted_claim(self, claims, name):
        """:return: the value of a claim that its user cannot have made up
        :raises AccessDenied: missing, or not vouched for
        """
        value = claims.get(name)
        if not isinstance(value, str) or not value.strip():
            reason = (
                f"The provider sends no claim {name}, by which its users are found."
            )
            raise AccessDenied(reason=reason, cause="claim")
        if name == "email" and not self._is_verified(claims.get("email_verified")):
            reason = f"The email {_quoted(value)} is not verified by the provider."
            if isinstance(claims.get("email_verified"), str):
                reason += " It sends email_verified as a text, not as the boolean true."
            raise AccessDenied(reason=reason, cause="unverified")
        return value

    def _is_verified(self, email_verified):
        """Boolean true, never the text "true" (OpenID Connect Core section 5.1); or not
        said at all, by one organisation's provider that vouches.
        """
        provider = self.provider
        is_vouched = provider.vouches_for_claim and not provider.is_multi_tenant
        return email_verified is True or (email_verified is None and is_vouched)

    def wanted_claims(self):
        """:return: names of the claims that the matching reads"""
        matching = self.provider.user_matching
        if matching == "login" and self._claim != "email":
            return {self._claim}
        if matching in ("login", "create"):
            is_said = not self._is_verified(None)
            return {"email", "email_verified"} if is_said else {"email"}
        return set()

    def problem(self):
        """:return: why this provider's users cannot be matched safely, or None"""
        provider = self.provider
        is_by_claim = provider.user_matching in ("login", "create")
        if is_by_claim and provider.is_multi_tenant and not provider.vouches_for_claim:
            return self.env._(
                "This issuer serves many organisations, each of which chooses its"
                " users' claims: it needs the provider to vouch for the claim."
            )
        if (
            provider.user_matching == "login"
            and self._claim != "email"
            and not provider.vouches_for_claim
        ):
            return self.env._(
                "Matching by the claim %s needs the provider to vouch for it.",
                self._claim,
            )
        if provider.user_matching == "oauth_uid":
            link = provider.sudo().auth_provider_id
            if not link:
                return self.env._("Choose the sign-in provider whose links count.")
            ours = _origin(provider.authorization_endpoint)
            if not ours or _origin(link.auth_endpoint) != ours:
                return self.env._(
                    "The sign-in provider is on another server than this provider."
                )
        return None


def _exactly_one(user, what):
    """:param str what: which one, after "user"
    :raises AccessDenied: there is none, or more than one, or it is archived
    """
    if len(user) == 1 and user.active:
        return user
    if len(user) > 1:
        raise AccessDenied(reason=f"There is more than one active user {what}.")
    if user:
        reason = f"The user {user.sudo().login}, {what}, is archived."
        raise AccessDenied(reason=reason, cause="user_blocked")
    raise AccessDenied(reason=f"There is no active user {what}.")


def _one_line(name):
    """:return: a claimed name without line breaks, marks that turn text round, and the
    spaces around it; at most 128 characters, possibly none
    """
    if not isinstance(name, str):
        return ""
    printable = "".join([c if c.isprintable() else " " for c in name])
    return " ".join(printable.split())[:_MAX_NAME].strip()


def _quoted(value):
    """:return: one line of ASCII, whatever a provider sent"""
    return ascii(value)[:_MAX_QUOTED]


def _origin(url):
    """:return: scheme, host and port of an address (RFC 6454 section 4)"""
    try:
        parts = urlsplit(url or "")
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return None
    return parts.scheme, parts.hostname, port


def _escape_like(text):
    return text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
