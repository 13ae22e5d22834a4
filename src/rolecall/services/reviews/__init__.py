"""Access reviews: opened, decided, carried out, proved."""
