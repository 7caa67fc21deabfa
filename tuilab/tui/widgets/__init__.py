"""The panes, each with its own messages; what they say is made by pure functions."""
