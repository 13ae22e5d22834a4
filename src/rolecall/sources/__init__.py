"""Files from outside: HubSpot's exports, people lists, shipped data. Never talks to a network."""
