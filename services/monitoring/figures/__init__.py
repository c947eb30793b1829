"""Every figure of a programme as of a business date: defined once, computed from the projections, proved by its events.

figure         what a figure is: value, unit, words, scopes, proof
inputs         what the projections hold of a programme; queries reads it
money_rows, case_counts      rows of sums and counts, from which figures are taken
money, companies, pledges    the definitions, and the sections of a page that are made of them
programme      all definitions; a programme's page and row; document: the same figures as JSON
contributions  the events that prove a figure
assessment     the state of a programme by stated rules; metrics: the same for alerts
words          titles, rules and sentences in both languages
api            HTTP: figures, and the proof of each
"""
