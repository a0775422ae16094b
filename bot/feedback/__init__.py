"""What people think of answers: thumbs and corrections, kept where they are wanted, and written as examples to train on."""
