"""Packets: captured to disk, decoded in one line, crafted and sent."""
