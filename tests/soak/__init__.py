"""Proofs that take hours: many seeds under faults, every mutant, millions of events rebuilt."""
