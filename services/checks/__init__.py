"""Test Connection and Security Check: what is looked at, and what to do about it."""
