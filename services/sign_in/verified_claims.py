"""What the provider says of who signed in: id_token and userinfo, checked."""

from ...protocol.errors import ServerError
from ..providers.provider_calls import provider_client, translate_provider_errors
from .user_matching import UserMatching


def verified_claims(record, answer):
    """Who signed in, as far as the provider vouches for it.

    :param record: the ``oauth2.authorization.request``
    :param dict answer: the provider's token answer
    :return: the claims that matching needs, verified; of a trial, all of them
    :raises ServerError: bad id_token, or userinfo about another subject
    """
    provider, claims = record.client_id.provider_id, {}
    matching = UserMatching(provider)
    with translate_provider_errors(can_be_repeated=False):
        calls = provider_client(record.client_id)
        if answer.get("id_token"):
            claims = calls.verify_id_token(
                answer["id_token"],
                nonce_digest=record.nonce_digest or None,
                access_token=answer["access_token"],
            )
        elif record.nonce_digest and not record.code_verifier:
            # RFC 9700 section 2.1.1: without PKCE it alone binds the code.
            raise ServerError(reason="No id_token came, and PKCE is switched off.")
        # An address counts only with what the same document says of it.
        said = {"email", "email_verified"} & matching.wanted_claims()
        if not said or not said <= claims.keys():
            claims.pop("email", None)
            claims.pop("email_verified", None)
        missing = matching.wanted_claims() - claims.keys()
        if provider.userinfo_endpoint and (missing or not claims):
            userinfo = calls.userinfo(answer["access_token"])
            # OpenID Connect Core section 5.3.2: otherwise it is another user's.
            if claims and userinfo.get("sub") != claims["sub"]:
                raise ServerError(
                    reason="The provider's userinfo is about another user than its"
                    " id_token."
                )
            userinfo.pop("iss", None)  # an unsigned answer names no issuer
            claims = {**userinfo, **claims}
    matching.subject(claims, record.user_id)
    if record.response_type == "trial":
        return claims
    name = provider.subject_claim
    subject = name if name in claims else name.partition(".")[0]
    kept = {"iss", "name", subject, "email_verified"} | matching.wanted_claims()
    return {name: claims[name] for name in kept & claims.keys()}
