"""What proves a person: passwords, codes, bearer secrets, an identity provider. Decides nothing."""
