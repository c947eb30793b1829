"""Awards (선정 결과): selected companies, and the waiting list from which they are replaced."""
