"""Masks: what their values mean, what they are written from, and what lies beside them."""
