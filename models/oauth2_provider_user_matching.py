from urllib.parse import urlsplit

from odoo import models

from ..protocol.errors import AccessDenied, ServerError


class OAuth2Provider(models.Model):
    """Who becomes whom: a provider's user becomes an Odoo user, or nobody.

    Each way takes the verified claims of one sign-in and returns one user, or refuses;
    none ever guesses between two.
    """

    _inherit = "oauth2.provider"

    def _match_user(self, claims, *, session_user=None):
        """Find the Odoo user of a sign-in.

        :param dict claims: verified claims of id_token and userinfo
        :param session_user: for ``session`` matching, the user the sign-in is bound to
        :return: a ``res.users`` record; empty when :meth:`_create_user` is to make one
        :raises AccessDenied: when no user, or more than one, may be meant
        """
        self.ensure_one()
        if problem := self._user_matching_problem():
            raise AccessDenied(reason=str(problem))
        matching = getattr(self, f"_match_by_{self.user_matching}")
        return matching(claims, session_user)

    def _match_by_login(self, claims, _session_user):
        value = self._trusted_claim(claims, self.match_claim or "email")
        Users = self.env["res.users"].sudo().with_context(active_test=True)
        # With all that is read next: one query, whether there is such a user or not.
        user = Users.search_fetch(
            Users._get_login_domain(value), ["active", "login"], limit=2
        )
        return self._exactly_one(user, "has the claimed login")

    def _match_by_oauth_uid(self, claims, _session_user):
        domain = [
            ("oauth_provider_id", "=", self.auth_provider_id.id),
            ("oauth_uid", "=", self._subject(claims)),
        ]
        # As by login, and for the same reason.
        Users = self.env["res.users"].sudo()
        user = Users.search_fetch(domain, ["active", "login"], limit=2)
        return self._exactly_one(user, "is linked to the claimed account")

    def _match_by_session(self, _claims, session_user):
        return self._exactly_one(session_user, "started the sign-in")

    def _match_by_create(self, claims, _session_user):
        """The user made for this account before, or none: then one is to be made.

        An existing user, archived or not, is never handed over by its email.
        """
        made = self._created_user(claims).user_id
        if made:
            return self._exactly_one(made, "was made for the claimed account")
        email = self._trusted_claim(claims, "email").strip()
        Users = self.env["res.users"].sudo().with_context(active_test=False)
        if Users.search_count([("login", "=ilike", _escape_like(email))], limit=1):
            raise AccessDenied(reason="a user with the claimed email exists already")
        return Users.browse()

    def _created_user(self, claims):
        """:return: the ``oauth2.created.user`` of an account, possibly none"""
        return (
            self.env["oauth2.created.user"]
            .sudo()
            .search(
                [
                    ("issuer", "=", self._grant_issuer(claims)),
                    ("subject", "=", self._subject(claims)),
                ]
            )
        )

    def _create_user(self, claims):
        """Make the portal user of a ``create`` sign-in, without a password.

        :raises AccessDenied: when such a user has come into being meanwhile
        """
        self._match_by_create(claims, None)
        email = self._trusted_claim(claims, "email").strip()
        name = claims.get("name")
        portal = self.env.ref("base.group_portal")
        Users = self.env["res.users"].sudo().with_context(no_reset_password=True)
        user = Users.create(
            {
                "login": email,
                "email": email,
                "name": name if name and isinstance(name, str) else email,
                "group_ids": [(6, 0, portal.ids)],
            }
        )
        self.env["oauth2.created.user"].sudo().create(
            {
                "issuer": self._grant_issuer(claims),
                "subject": self._subject(claims),
                "user_id": user.id,
            }
        )
        return user

    def _subject(self, claims):
        """:return: what names the provider's user for good, at most 255 characters
        :raises ServerError: when the provider does not say: no subject, no grant
        """
        value = claims.get(self.subject_claim or "sub")
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or not value or len(value) > 255:
            raise ServerError(reason="the provider names no subject")
        return value

    def _trusted_claim(self, claims, name):
        """:return: the value of a claim that its user cannot have made up
        :raises AccessDenied: missing, or nobody vouches for it
        """
        value = claims.get(name)
        if not isinstance(value, str) or not value.strip():
            raise AccessDenied(reason=f"the provider sends no claim {name}")
        # Boolean true, never the text "true": OpenID Connect Core section 5.1.
        if name == "email" and claims.get("email_verified") is not True:
            raise AccessDenied(reason="the claimed email is not verified")
        return value

    def _wanted_claims(self):
        """:return: names of the claims that the matching reads"""
        if self.user_matching == "login":
            name = self.match_claim or "email"
            return {name, "email_verified"} if name == "email" else {name}
        if self.user_matching == "create":
            return {"email", "email_verified"}
        return set()

    def _exactly_one(self, user, what):
        if len(user) != 1 or not user.active:
            raise AccessDenied(reason=f"not exactly one active user {what}")
        return user

    def _user_matching_problem(self):
        """:return: why this provider's users cannot be matched safely, or None"""
        claim = self.match_claim or "email"
        by_claim = self.user_matching in ("login", "create")
        if by_claim and self.is_multi_tenant and not self.vouches_for_claim:
            return self.env._(
                "This issuer serves many organisations, each of which chooses its"
                " users' claims: it needs the provider to vouch for the claim."
            )
        if (
            self.user_matching == "login"
            and claim != "email"
            and not self.vouches_for_claim
        ):
            return self.env._(
                "Matching by the claim %s needs the provider to vouch for it.", claim
            )
        if self.user_matching == "oauth_uid":
            link = self.sudo().auth_provider_id
            if not link:
                return self.env._("Choose the sign-in provider whose links count.")
            ours = _origin(self.authorization_endpoint)
            if not ours or _origin(link.auth_endpoint) != ours:
                return self.env._(
                    "The sign-in provider is on another server than this provider."
                )
        return None


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
