"""`python -m engine.pack`: builds the bundled model pack."""

from engine.pack.build import main

if __name__ == "__main__":
    main()
