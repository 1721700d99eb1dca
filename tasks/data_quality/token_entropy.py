"""The entropy of single tokens of the corpus sample under the submission's own tokenizer (check L3), in nats.

What a model reaches that has learnt how often each token is and nothing else. Estimated from the first part of the sample,
with the correction of Miller 1955 for tokens that were not seen.
"""

import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from checks.contracts.errors import InputFault
from tasks.data_quality.sample_reader import LineCounts, read_shard, sample_shards

#: Enough for a few hundred thousand tokens; with fewer than LEAST_TOKENS the estimate is too rough to be held against anything.
MOST_LETTERS = 2_000_000
LEAST_TOKENS = 10_000
#: Letters that are encoded together: the library keeps some 100 bytes a token beside its number, which it never gives back.
LETTERS_AT_ONCE = 50_000


@dataclass(frozen=True)
class Entropy:
    """The estimate over so many tokens; without one `why`, and whether evidence is missing or there is nothing to tell from."""

    value: float | None = None
    tokens: int = 0
    why: str = ""
    missing: bool = False


def token_entropy(model: Path, sample: Path | None) -> Entropy:
    """The entropy of the sample's tokens; raises InputFault for a tokenizer.json that cannot be read."""
    if sample is None:
        return Entropy(why="no corpus sample was handed in", missing=True)
    path = model / "tokenizer.json"
    if not path.is_file():
        return Entropy(why="the model has no tokenizer.json")
    counts = _counted(path, sample)
    total = sum(counts.values())
    if total < LEAST_TOKENS:
        return Entropy(tokens=total, why=f"{total:,} tokens of the sample are too few to say")
    plain = -sum(count / total * math.log(count / total) for count in counts.values())
    return Entropy(plain + (len(counts) - 1) / (2 * total), total)


def _counted(tokenizer_file: Path, sample: Path) -> Counter[int]:
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(tokenizer_file))
    except Exception as error:  # the library raises bare Exceptions
        raise InputFault(tokenizer_file, found=str(error).splitlines()[0], expected="a tokenizer") from None
    counts: Counter[int] = Counter()
    letters = 0
    for shard in sample_shards(sample):
        for batch in read_shard(shard, LineCounts()):
            for document in batch:
                for start in range(0, len(document.text), LETTERS_AT_ONCE):
                    piece = document.text[start : start + LETTERS_AT_ONCE]
                    counts.update(tokenizer.encode(piece, add_special_tokens=False).ids)
            letters += sum(len(document.text) for document in batch)
            if letters >= MOST_LETTERS:
                return counts
    return counts
