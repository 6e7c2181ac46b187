"""From text to machine code in this process: target, compiler, caches, calls, threads.

Imports no other room.
"""
