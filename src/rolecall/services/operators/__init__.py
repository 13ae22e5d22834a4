"""Who signs in to Rolecall: people with passwords or providers, and tokens of machines."""
