"""Settings users: who is in the portal, and the access fields the API shows of each."""
