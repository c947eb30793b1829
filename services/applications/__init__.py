"""Applications service: programmes, rounds and cases, from application to agreement."""
