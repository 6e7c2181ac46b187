"""Who meets, sees or shadows whom, and when."""
