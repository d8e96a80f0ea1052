"""What every flow stands on: the request, its transaction, this server's address."""
