"""What happens by the clock: one leader, each slot once, caught up after downtime."""
