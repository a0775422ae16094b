"""The Transformer written out from its papers: to read how it works, and to hold the engine's attention maps to.

Read in this order; each file needs only the ones before it:

1. `attention_numpy`: one attention, in twenty lines of NumPy.
2. `transformer`: heads, positions, feed-forward, encoder and decoder layers, in PyTorch.
3. `bert`: the same encoder with a BERT checkpoint's own weights; it recomputes every map that the engine shows.
4. `masking`: what BERT was trained on, masked words and next sentences.

Shapes stand at the end of each line that makes a tensor; the mask of an attention says True where one may look.
"""
