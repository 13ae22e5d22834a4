"""Plans from draft to receipt: proposed, approved, applied, undone."""
