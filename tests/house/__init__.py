"""House tests."""
