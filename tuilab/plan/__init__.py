"""How one lab becomes another: pure, no I/O."""
