"""What the dialogs ask, propose and check: pure, no screen.

A form turns what a person typed into a `Change`; `screens.form` shows any of them.
"""
