"""Records of loops, branches and calls, with graphs inside."""
