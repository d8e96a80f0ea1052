"""The keys that encrypt what a provider must be sent again."""
