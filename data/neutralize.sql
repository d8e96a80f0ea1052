-- A neutralised copy holds no secret and starts no conversation with a provider.
DELETE FROM oauth2_revocation;
DELETE FROM oauth2_authorization_request;
DELETE FROM oauth2_rate_limit;
DELETE FROM oauth2_token;
UPDATE oauth2_client_user SET state = 'expired', last_answer = NULL,
       received_answer = NULL, refresh_began_at = NULL;
UPDATE oauth2_client SET client_secret_encrypted = NULL;
UPDATE oauth2_provider SET active = false;
DELETE FROM ir_config_parameter
 WHERE key IN ('api_auth_oauth2.identity_keys', 'api_auth_oauth2.key_fingerprint',
               'api_auth_oauth2.base_url');
