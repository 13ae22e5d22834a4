"""What people do in HubSpot's own screens, and the portal by itself: no API of HubSpot does it."""
