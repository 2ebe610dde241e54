"""What runs Potok: on one machine, and elsewhere."""
