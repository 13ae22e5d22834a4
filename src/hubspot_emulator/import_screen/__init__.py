"""HubSpot's side of the User import source: signed events, and the screen that sends them."""
