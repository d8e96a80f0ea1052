"""Who calls an endpoint: the secrets and proofs of clients, and their rate limits."""
