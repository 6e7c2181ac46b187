"""Compiled programs in words and pictures.

Takes packs and labels; imports `errors`.
"""
