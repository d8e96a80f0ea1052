"""The statements by which tokens are issued: ``issued_tokens`` says when, and why.

Each is text with named parameters that is put together once: a service may ask for a
token before each of its calls.
"""

import functools

from ..audit.audit import INSERT_EVENT

_NOW = "(statement_timestamp() AT TIME ZONE 'UTC')"
_GRANTED = """
    (SELECT string_agg(scope_id::text, ',' ORDER BY scope_id)
       FROM oauth2_client_user_scope_rel WHERE client_user_id = client_user.id)
"""

#: Claims a code and locks its grant.
CLAIM = f"""
    claimed AS (
        UPDATE oauth2_authorization_request SET code_used_at = {_NOW}
         WHERE code_digest = %(code)s AND api_id = %(api)s AND client_id = %(client)s
           AND code_challenge = %(challenge)s AND code_used_at IS NULL
           AND (%(redirect_uri)s = '' OR client_redirect_uri = %(redirect_uri)s)
           AND expires_at > {_NOW}
        RETURNING client_user_id),
    grants AS (
        SELECT client_user.id, user_id, expires_at, {_GRANTED} AS granted_scopes
          FROM oauth2_client_user client_user
          JOIN claimed ON claimed.client_user_id = client_user.id
         WHERE state = 'active' AND expires_at > {_NOW}
           AND client_user.api_id = %(api)s AND client_user.client_id = %(client)s
           FOR NO KEY UPDATE OF client_user)
"""
#: Locks the grant first: callers of one grant come one after another.
ROTATE = f"""
    locked AS MATERIALIZED (
        UPDATE oauth2_client_user
           SET last_refresh_at = {_NOW}, cached_token_response = NULL
         WHERE id = (SELECT client_user_id FROM oauth2_token
                      WHERE digest = %(digest)s AND kind = 'refresh' AND is_issued
                        AND api_ref = %(api)s AND client_ref = %(client)s)
           AND state = 'active' AND expires_at > {_NOW}
        RETURNING id, user_id, expires_at),
    rotated AS (
        UPDATE oauth2_token token
           SET rotated_at = {_NOW}, expires_at = locked.expires_at
          FROM locked
         WHERE token.client_user_id = locked.id AND digest = %(digest)s
           AND kind = 'refresh' AND rotated_at IS NULL
           AND token.expires_at > {_NOW}
        RETURNING token.granted_scopes),
    grants AS (
        SELECT locked.*, rotated.granted_scopes FROM locked CROSS JOIN rotated),
    rotated_access AS (
        UPDATE oauth2_token token
           SET rotated_at = {_NOW},
               expires_at = LEAST(token.expires_at, {_NOW} + %(grace)s * interval '1s')
          FROM grants
         WHERE token.client_user_id = grants.id AND kind = 'access'
           AND rotated_at IS NULL)
"""
#: A code that could not be claimed.
FIND_CODE = f"""
    SELECT client_user_id, code_used_at IS NOT NULL, expires_at <= {_NOW},
           code_challenge, client_redirect_uri
      FROM oauth2_authorization_request
     WHERE code_digest = %(code)s AND api_id = %(api)s AND client_id = %(client)s
"""
#: A refresh token that could not be rotated, and what followed it.
FIND_ROTATED = f"""
    SELECT old.client_user_id, old.user_ref, old.granted_scopes,
           next_access.granted_scopes,
           old.rotated_at > {_NOW} - %(grace)s * interval '1s',
           EXTRACT(EPOCH FROM next_access.expires_at - {_NOW})
      FROM oauth2_token old
      LEFT JOIN oauth2_token next_access
        ON next_access.digest = %(access)s AND next_access.kind = 'access'
       AND next_access.client_user_id = old.client_user_id
     WHERE old.digest = %(digest)s AND old.kind = 'refresh' AND old.is_issued
       AND old.api_ref = %(api)s AND old.client_ref = %(client)s
       AND old.rotated_at IS NOT NULL
"""
SERVICE = f"""
    grants AS (
        SELECT id, user_id, expires_at, {_GRANTED} AS granted_scopes
          FROM oauth2_client_user client_user
         WHERE api_id = %(api)s AND client_id = %(client)s
           AND identity_digest = %(identity)s AND state = 'active'
           AND expires_at > {_NOW} + %(least)s * interval '1s')
"""
#: A grant, whose tokens of these kinds are rotated.
GRANT = f"""
    grants AS (
        SELECT client_user.id, user_id, expires_at, {_GRANTED} AS granted_scopes
          FROM oauth2_client_user client_user
         WHERE id = %(grant)s AND state = 'active' AND expires_at > {_NOW}
           FOR NO KEY UPDATE OF client_user),
    rotated AS (
        UPDATE oauth2_token token
           SET rotated_at = {_NOW},
               expires_at = CASE kind WHEN 'refresh' THEN grants.expires_at
                   ELSE LEAST(token.expires_at, {_NOW} + %(grace)s * interval '1s')
                   END
          FROM grants
         WHERE token.client_user_id = grants.id AND rotated_at IS NULL
           AND kind IN %(kinds)s)
"""
_ISSUE = """
    WITH {grants}{told}
    INSERT INTO oauth2_token (client_user_id, kind, digest, is_issued, expires_at,
                              user_ref, api_ref, client_ref, granted_scopes)
    SELECT grants.id, made.kind, made.digest, true,
           LEAST(grants.expires_at, {now} + made.seconds * interval '1s'),
           grants.user_id, %(api)s, %(client)s,
           COALESCE(made.scopes, grants.granted_scopes, '')
      FROM grants CROSS JOIN (VALUES {made}) AS made (kind, digest, seconds, scopes)
    RETURNING kind, client_user_id, user_ref, granted_scopes,
              EXTRACT(EPOCH FROM expires_at - {now})
"""
_MADE = {
    "access": "('access', %(access)s, %(access_seconds)s, %(scopes)s::varchar)",
    "refresh": "('refresh', %(refresh)s, %(refresh_seconds)s, NULL)",
}


@functools.cache
def issue(grants, *kinds, is_told):
    """:param str grants: table expressions; the last, ``grants``, has one row, or none
    :param str kinds: of the tokens: access, refresh
    :param bool is_told: whether the audit log is told, with ``audit.event_values``
    :return: the statement, whose parameters are those of its parts
    """
    return _ISSUE.format(
        grants=grants,
        told=f", told AS ({INSERT_EVENT})" if is_told else "",
        made=", ".join(_MADE[kind] for kind in kinds),
        now=_NOW,
    )
