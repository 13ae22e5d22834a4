"""What an auditor takes away and checks alone."""
