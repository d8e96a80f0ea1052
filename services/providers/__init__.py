"""Calls to providers, and what is known of common ones."""
