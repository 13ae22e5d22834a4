"""People lists: who exists by HR's word, and whose user is whose."""
