"""What users can really do, and how we know: catalogue, effective access, packs. Pure."""
