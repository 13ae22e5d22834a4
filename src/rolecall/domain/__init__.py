"""The nouns of Rolecall as frozen values. Nothing here reads, writes or knows the time."""
