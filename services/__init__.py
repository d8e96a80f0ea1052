"""Flows: each a plain class, made with ``env``; see docs/architecture.md."""
