"""Seats: a stock of licences, of which the API shows only what is left."""
