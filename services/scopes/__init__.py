"""What scopes there are: ready ones of installed apps, those that routes ask for."""
