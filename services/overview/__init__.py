"""Who and what is connected, and what ends for them."""
