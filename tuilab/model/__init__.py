"""What a lab is: pure values, no I/O."""
