"""What tests build their models from."""
