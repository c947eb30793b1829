"""What the board reads: one file a projection, each a pure fold of facts and its table.

A row's columns are dates on which something happened, so that any business date is a WHERE; a column is
fed by one topic only, so that the order in which topics arrive does not matter.
"""
