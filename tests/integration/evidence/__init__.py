"""Evidence files, packs, elevations and outside changes, over the real store and emulator."""
