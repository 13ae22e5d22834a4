"""What no API of HubSpot shows: the permissions each user really has, and its own files of them."""
