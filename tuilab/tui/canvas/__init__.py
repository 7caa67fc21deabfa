"""The drawing of a lab: from a snapshot to cells, and the widget that shows them.

``build`` says what is joined to what, ``group`` what is drawn inside what and what is
folded, ``regions``, ``rank`` and ``order`` who stands in which row and beside whom,
``layout`` and ``part`` where, ``lines`` and ``route`` how cables run, ``raster`` and
``paint`` which glyph a cell gets. ``activity`` is what flows, ``minimap`` a small
picture of a large drawing. None of these knows Textual; ``widget`` does.
"""
