"""A faithful HubSpot portal on your laptop."""
