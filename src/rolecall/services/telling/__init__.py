"""What is told to the outside: notices, digests, webhooks."""
