"""In which language a training talks, and where: results on stdout, all else on stderr."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Literal

from engine.contract import Message

Speech = Literal["ja", "en"]


@dataclass(frozen=True)
class Voice:
    """`speech` None: both languages, a line each."""

    speech: Speech | None = None

    @property
    def japanese(self) -> bool:
        """Whether pictures and tables are labelled in Japanese."""
        return self.speech == "ja"

    def words(self, message: Message) -> str:
        """A message as it is told."""
        if self.speech is None:
            return f"{message.ja}\n{message.en}"
        return message.ja if self.japanese else message.en

    def name(self, message: Message) -> str:
        """A name in a table or a line; in English where both languages are told."""
        return message.ja if self.japanese else message.en

    def note(self, message: Message) -> None:
        """Say something meanwhile."""
        print(self.words(message), file=sys.stderr, flush=True)
