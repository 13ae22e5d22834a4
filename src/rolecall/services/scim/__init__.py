"""What an identity provider pushes, and what it comes to."""
