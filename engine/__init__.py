"""The engine: reads texts with BERT models and answers with spans, scores and pictures."""
