"""A running lab, without a screen."""
