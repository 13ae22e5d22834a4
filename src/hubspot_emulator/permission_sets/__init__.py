"""Permission sets: named bundles of permissions, of which the API shows the names only."""
