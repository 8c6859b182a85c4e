"""How long data is kept, what ends it, and what shows that a promise about it was kept. Pure."""
