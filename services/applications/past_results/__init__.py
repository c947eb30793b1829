"""Past results (과거 실적) that other systems recorded, taken over once."""
