"""What runs by itself or in batches, and what a copied database lets go of."""
