"""Access reviews: population, reviewers, decisions, remediation. Pure; `now` is given."""
