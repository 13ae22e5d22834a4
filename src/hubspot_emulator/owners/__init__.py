"""Owners: the ids by which CRM records name the user who works them. Read only, as at HubSpot."""
