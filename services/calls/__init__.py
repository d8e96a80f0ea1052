"""A call of a protected route: its token, what its scopes open, how it is answered."""
