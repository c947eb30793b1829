"""Past results (과거 실적) of other systems, each taken over once."""
