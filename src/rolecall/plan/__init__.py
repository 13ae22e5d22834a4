"""Plans: desired minus actual, ordered, guarded, priced, rendered. Pure; never writes anywhere."""
