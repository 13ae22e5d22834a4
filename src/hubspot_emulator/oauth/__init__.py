"""OAuth of HubSpot: the authorize page, and tokens in every version of its endpoints."""
