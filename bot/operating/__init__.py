"""What an operator asks of a running system: `yomite doctor` and `yomite jobs`."""
