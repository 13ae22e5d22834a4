"""What should be: access.yaml, its rules and people, and who wins each slot. Pure; never plans."""
