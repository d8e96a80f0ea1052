-- A neutralised copy holds no secret and starts no conversation with a provider.
-- One by one: the tables may be of an earlier version, whose dump was restored.
DO $$
DECLARE
    statement text;
BEGIN
    FOREACH statement IN ARRAY ARRAY[
        'DELETE FROM oauth2_revocation',
        'DELETE FROM oauth2_authorization_request',
        'DELETE FROM oauth2_token',
        'DELETE FROM oauth2_connect',
        'DELETE FROM oauth2_call_count',
        'UPDATE oauth2_client_user SET state = ''expired''',
        'UPDATE oauth2_client_user SET cached_token_response = NULL',
        'UPDATE oauth2_client_user SET last_answer = NULL',  -- 19.0.1.0.0
        'UPDATE oauth2_client_user SET received_answer = NULL',  -- 19.0.1.0.0
        'UPDATE oauth2_client_user SET refresh_began_at = NULL',
        'UPDATE oauth2_client_user SET last_used_from = NULL',
        'UPDATE oauth2_client_user SET browser = NULL',
        'UPDATE oauth2_client SET client_secret_encrypted = NULL',
        'UPDATE oauth2_client SET private_key_encrypted = NULL',
        'UPDATE oauth2_client SET secret_digest = NULL',
        'UPDATE oauth2_client SET former_secret_digest = NULL',
        'UPDATE oauth2_client SET former_secret_encrypted = NULL',
        'UPDATE oauth2_provider SET active = false',
        -- It may name people who are no users here.
        'UPDATE oauth2_event SET reason = NULL, address = NULL WHERE kind = ''refusal'''
    ] LOOP
        BEGIN
            EXECUTE statement;
        EXCEPTION WHEN undefined_table OR undefined_column THEN
            NULL;  -- what is not there holds nothing
        END;
    END LOOP;
END $$;
DELETE FROM ir_config_parameter
 WHERE key IN ('api_auth_oauth2.identity_keys', 'api_auth_oauth2.key_fingerprint',
               'api_auth_oauth2.base_url');
