"""The drawing of a lab: from a snapshot to cells, and the widget that shows them.

``graph`` says what is joined to what, ``order`` who stands beside whom, ``layout``
where, ``route`` how cables run, ``raster`` which glyph a cell gets. None of these
knows Textual; ``widget`` does.
"""
