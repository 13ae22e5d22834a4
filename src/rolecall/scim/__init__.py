"""SCIM 2.0: `/scim/v2` for identity providers. Parses and renders over the SCIM services."""
