"""The tokenizer of the bundled pack: pieces of both languages, those of Japanese inside MeCab words."""

from __future__ import annotations

from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers
from tokenizers.models import WordPiece
from transformers import PreTrainedTokenizerFast

from engine.tokenization.mecab import MecabPreTokenizer
from engine.tokenization.vocabulary import read_vocabulary
from engine.tokenization.wrapping import BERT_SPECIALS, bert_template, wrap_backend

SPECIAL_TOKENS = tuple(BERT_SPECIALS.values())
# A Latin or digit run is cut off from the Japanese beside it, so that both languages see the same pieces for it.
LATIN_RUN = r"[A-Za-z0-9\u00c0-\u024f]+"
# They choose the form of the character before them (葛 with either lower part, an emoji in colour), and would tear its word apart.
VARIATION_SELECTORS = r"[\ufe00-\ufe0f\x{e0100}-\x{e01ef}]"


def bilingual_normalizer(*, cased: bool) -> normalizers.Normalizer:
    """NFKC without variation selectors; where case does not count, also lower case, and Latin accents stripped as BERT does.

    Kana keep their (semi-)voiced marks.
    """
    clean = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=not cased)
    plain = normalizers.Replace(Regex(VARIATION_SELECTORS), "")
    if cased:
        return normalizers.Sequence([clean, plain, normalizers.NFKC()])
    return normalizers.Sequence(
        [
            clean,
            plain,
            normalizers.NFKD(),
            normalizers.Replace(Regex(r"[\u0300-\u036f]"), ""),
            normalizers.NFC(),
            normalizers.Lowercase(),
        ]
    )


def bilingual_pre_tokenizer() -> pre_tokenizers.PreTokenizer:
    """White space and punctuation, then Latin and digit runs, then MeCab words."""
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.BertPreTokenizer(),
            pre_tokenizers.Split(Regex(LATIN_RUN), behavior="isolated"),
            pre_tokenizers.PreTokenizer.custom(MecabPreTokenizer()),
        ]
    )


def bilingual_backend(vocabulary: dict[str, int], *, cased: bool = False) -> Tokenizer:
    """Build the Rust tokenizer over `vocabulary` (piece → id)."""
    tokenizer = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = bilingual_normalizer(cased=cased)
    tokenizer.pre_tokenizer = bilingual_pre_tokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = bert_template(BERT_SPECIALS, vocabulary)
    tokenizer.add_special_tokens(list(SPECIAL_TOKENS))
    return tokenizer


def bilingual_tokenizer(vocabulary_file: Path, *, cased: bool = False, max_length: int = 512) -> PreTrainedTokenizerFast:
    """The bundled pack's tokenizer, with offsets into the text exactly as given."""
    return wrap_backend(bilingual_backend(read_vocabulary(vocabulary_file), cased=cased), max_length=max_length)
