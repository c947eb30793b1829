"""Every figure of a programme as of a business date, computed from projections by design's rules."""
