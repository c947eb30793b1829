"""The board's projections: one file each, with a pure fold of events and its table.

A row's columns are dates on which something happened, so that any business date is a WHERE; a column is
fed by one topic only, so that the order in which topics arrive does not matter.
"""
