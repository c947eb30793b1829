"""Places (선정 결과): who holds one, who stands in reserve, and who follows whom."""
