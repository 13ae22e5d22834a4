"""Carries out approved plans, each effect once across crashes; the only room with a Writer."""
