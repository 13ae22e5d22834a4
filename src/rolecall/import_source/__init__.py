"""HubSpot's User import source: answers its two events, signed requests only."""
