"""What a portal tells of itself: its number, zone, currency and hosting, and calls used today."""
