"""Scripts for those who work on Yomite; the product does not use them."""
