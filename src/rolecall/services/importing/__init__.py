"""HubSpot's User import source: our side, and HubSpot's side for trying it."""
