"""Projections: pure folds of events into tables, kept up to date by a projector and rebuilt from the topics.

Promises to the readers of the tables:

    fold        A projection is a pure function of events; nothing else writes its tables. Topics may arrive in any order
                among each other: the rows come out the same.
    once        Each event is folded once in effect: rows, watermarks and offsets are written in one transaction.
    fence       That transaction first moves the offsets from where this projector left them. It is rolled back where
                another projector has moved them, or another generation went live.
    watermarks  The folded event numbers of each subject: a second delivery is skipped, a late number is folded when it
                arrives.
    rollups     Sums over the rows by key and day, changed in the same transaction as the rows.
    failures    A record that cannot be folded is dead-lettered in the same transaction, and the fold goes on; one that
                ends the process is counted in the database, and dead-lettered after its last attempt.
    rebuild     Every event is folded anew into a new generation of the tables beside the live one, which is compared
                with it cell by cell, or becomes the live one by one row's update: readers see old rows or new ones.

Not promised: rows as new as the event log (the lag is measured); rows of a fold that this process does not have: a
projector whose version differs from the live generation's stops until `rebuild --switch`.

    projector          folds Kafka records batch by batch, and its failure policy
    offsets            the offsets beside the rows, and the fence that moves them
    batch              decodes and folds one batch of records, and writes what changed
    projection         kinds of projections: rows, sums, lists
    rollups            rows with sums over them
    first_occurrences  first day of each key
    watermarks         folded event numbers of each subject
    generations        which generation readers see, and which version of the folds made it
    rebuild            folds a new generation; compares it, or switches to it
    table_sql          SQL of a table whose rows travel as one JSON document
"""
