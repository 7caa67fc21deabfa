"""The only place that touches Linux networking."""
