"""The endpoints for tokens: issued, refreshed, looked at, revoked."""
