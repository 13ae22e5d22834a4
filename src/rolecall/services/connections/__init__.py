"""Portals and their credentials: connected, checked, tried, leased; the quota they share."""
