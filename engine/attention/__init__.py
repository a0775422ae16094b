"""What a model looks at: attention maps read off its layers."""
