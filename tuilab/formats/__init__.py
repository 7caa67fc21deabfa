"""A lab as text, and back."""
