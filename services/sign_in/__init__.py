"""A user signs in and consents; the application gets a code or a grant."""
