"""What a plan of nests is made of: works, reads, loops that run together, places in memory."""
