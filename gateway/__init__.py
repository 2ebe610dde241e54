"""The public door: Envoy, and what it is told."""
