"""What every call of ``authorize``, ``token`` and ``revoke`` begins with."""

from dataclasses import dataclass
from typing import Any

from odoo.http import request

from ..protocol.client_networks import not_from_there
from ..protocol.credentials import ClientCredentials, parse_credentials
from ..protocol.digests import ISSUED_IDENTITY_PREFIX
from ..protocol.errors import InvalidClient, MethodNotAllowed
from ..protocol.parameters import MAX_BODY, Parameters
from ..services.authentication.client_authentication import ClientAuthentication
from ..services.authentication.rate_limit import RateLimit
from ..services.server.request_body import read_body
from ..services.server.request_context import remote_address, set_audit_context

CLIENT_ROUTING = {
    "type": "oauth2",
    "auth": "oauth2_client",
    "csrf": False,
    "save_session": False,
    "max_content_length": MAX_BODY,
    "website": False,
    "oauth2_cross_origin": True,  # an application that is a page of another origin
}


@dataclass(frozen=True)
class ClientRequest:
    """One call: its API and client as records, its parameters and credentials."""

    api: Any
    client: Any
    parameters: Parameters
    credentials: ClientCredentials

    @classmethod
    def from_request(
        cls, endpoint, parameters=None, *, names_grant=True, from_anywhere=False
    ):
        """Read the running request.

        :param str endpoint: the ``<api>`` of the path
        :param parameters: of :func:`read_parameters`, where they were read already
        :param bool names_grant: whether it is about a grant, which a token or an issued
            identity proves, too
        :param bool from_anywhere: whether the client's networks do not count
        :raises InvalidRequest: when the request is malformed; that costs no query, and
            is not counted
        :raises TooManyRequests: when a rate limit is reached
        :raises InvalidClient: unknown or archived API or client, or one that may not
            call from there
        """
        httprequest = request.httprequest
        if httprequest.method == "HEAD":
            # werkzeug lets it in wherever GET is; here it would act unseen.
            raise MethodNotAllowed({"GET", "POST"})
        parameters = parameters or read_parameters()
        credentials = parse_credentials(
            parameters, httprequest.headers.get("Authorization")
        )
        offers_proof = credentials.has_secret or (
            names_grant and _offers_proof_of_grant(parameters, credentials)
        )
        RateLimit(request.env).admit(
            endpoint, credentials.client_id, offers_proof=offers_proof
        )
        oauth2_api = request.env["oauth2.api"]._by_endpoint(endpoint)
        client = oauth2_api._client(credentials.client_id)
        set_audit_context(oauth2_api, client, is_proven=False)
        if not (from_anywhere or client._allows_address(remote_address())):
            reason = not_from_there(client._networks())
            raise InvalidClient(reason=reason, cause="network")
        return cls(oauth2_api, client, parameters, credentials)

    def check_secret(self):
        """Check a client secret that was sent, and that one was sent if it must be.

        :raises InvalidClient: wrong, or required and missing
        :raises TooManyRequests: the client's proven callers call too often
        """
        if ClientAuthentication(request.env).check_secret(
            self.client, self.credentials
        ):
            set_audit_context(self.api, self.client)
            RateLimit(request.env).count_proven(self.api, self.client)


def standard_credentials(endpoint, parameters, *proofs):
    """Who calls, by RFC 6749 section 2.3; a call with nothing that could be right takes
    its place among those that failed.

    :param str endpoint: the ``<api>`` of the path
    :param proofs: names of parameters that prove something if they are right
    :return: ``protocol.credentials.ClientCredentials``
    :raises InvalidRequest: malformed, or not by POST
    :raises TooManyRequests: when a rate limit is reached
    """
    httprequest = request.httprequest
    if httprequest.method != "POST":
        raise MethodNotAllowed({"POST"})
    header = httprequest.headers.get("Authorization")
    credentials = parse_credentials(parameters, header)
    offers_proof = credentials.has_secret or any(map(parameters.text, proofs))
    RateLimit(request.env).admit(
        endpoint, credentials.client_id, offers_proof=offers_proof
    )
    return credentials


def read_parameters():
    """:return: the ``Parameters`` of the running request
    :raises InvalidRequest: malformed, or without a length that can be told
    """
    httprequest = request.httprequest
    return Parameters.from_request(
        media_type=httprequest.mimetype,
        body=read_body(),
        query_string=httprequest.query_string,
    )


def _offers_proof_of_grant(parameters, credentials):
    if credentials.access_token or credentials.refresh_token:
        return True
    return parameters.identity().startswith(ISSUED_IDENTITY_PREFIX)
