"""The whole system on one machine, out of the checkout."""
