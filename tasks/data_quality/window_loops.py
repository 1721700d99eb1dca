"""Loops over folded letters: hashes of windows, lines, words and shingles, and a filter that most of them do not pass.

A hash is a polynomial modulo 2^64. Equal letters have equal hashes; whatever is found by a hash is verified by its letters.
"""

import numpy as np

from tasks.data_quality.compiled import compiled
from tasks.data_quality.letters import CODE_MASK, HALF, SPACED

#: An odd base, and an odd number that spreads what the base leaves in the low bits.
_BASE = np.uint64(0x9E3779B97F4A7C15)
_SPREAD = np.uint64(0xBF58476D1CE4E5B9)
_CODE = np.uint32(CODE_MASK | HALF)
_SPACED = np.uint32(SPACED)
_ONE, _SIX, _TWELVE, _SIXTY_THREE = np.uint64(1), np.uint64(6), np.uint64(12), np.uint64(63)
#: More words than a run has.
_MOST_WORDS = 16


def _power(size):  # type: ignore[no-untyped-def]
    """The base to the power of a window's size: what its first letter counts for once it has passed through."""
    power = np.uint64(1)
    for _ in range(size):
        power *= _BASE
    return power


power = compiled(_power)


def _passes(value, filter_words, shift):  # type: ignore[no-untyped-def]
    """Whether three bits, chosen by the low bits of a hash, are set in the word of the filter chosen by its high bits."""
    word = filter_words[value >> shift]
    return (
        (word >> (value & _SIXTY_THREE))
        & (word >> (value >> _SIX & _SIXTY_THREE))
        & (word >> (value >> _TWELVE & _SIXTY_THREE))
        & _ONE
    )


passes = compiled(_passes)


def _windows(letters, starts, ends, size, filter_words, shift, found, hashes):  # type: ignore[no-untyped-def]
    """Every window of `size` places that passes the filter, as (text, start); returns how many."""
    count = 0
    out = power(size)
    for text in range(len(starts)):
        own = letters[starts[text] : ends[text]]
        if len(own) < size:
            continue
        value = np.uint64(0)
        for letter in own[:size]:
            value = value * _BASE + np.uint64(letter & _CODE)
        if passes(value, filter_words, shift):
            found[count, 0], found[count, 1] = text, starts[text]
            hashes[count] = value
            count += 1
        new = own[size:]
        for place in range(len(new)):  # what comes and what goes first: one product less to wait for in every step
            value = value * _BASE + (np.uint64(new[place] & _CODE) - np.uint64(own[place] & _CODE) * out)
            if passes(value, filter_words, shift):
                found[count, 0], found[count, 1] = text, starts[text] + place + 1
                hashes[count] = value
                count += 1
    return count


def _stretches(letters, stretches, hashes):  # type: ignore[no-untyped-def]
    """The hash of each stretch (start, end) of places, however long."""
    for number in range(len(stretches)):
        value = np.uint64(0)
        for place in range(stretches[number, 0], stretches[number, 1]):
            value = value * _BASE + np.uint64(letters[place] & _CODE)
        hashes[number] = value


def _word_runs(letters, starts, ends, sizes, filters, shifts, found, hashes, counts):  # type: ignore[no-untyped-def]
    """Every run of `sizes[k]` words of a text that passes `filters[k]`, as the text's number in `found[k]`; `counts[k]` of them.

    Words are what white space parts, letters and digits only, as in the word n-grams of other harnesses. There are two sizes.
    """
    before = np.zeros(_MOST_WORDS, dtype=np.uint64)
    first_out, second_out = power(sizes[0]), power(sizes[1])
    for text in range(len(starts)):
        word, prefix, number = np.uint64(0), np.uint64(0), 0
        for place in range(starts[text], ends[text] + 1):
            if place > starts[text] and (place == ends[text] or letters[place] & _SPACED):
                before[number % _MOST_WORDS] = prefix
                prefix = prefix * _BASE + (word ^ (word >> np.uint64(31))) * _SPREAD
                word = np.uint64(0)
                number += 1
                for kind in range(2):
                    if number >= sizes[kind]:
                        out = second_out if kind else first_out
                        value = prefix - before[(number - sizes[kind]) % _MOST_WORDS] * out
                        if passes(value, filters[kind], shifts[kind]):
                            found[kind, counts[kind]] = text
                            hashes[kind, counts[kind]] = value
                            counts[kind] += 1
            if place < ends[text]:
                word = word * _BASE + np.uint64(letters[place] & _CODE)


def _shingles(letters, starts, ends, size, hashes, offsets):  # type: ignore[no-untyped-def]
    """The hash of every run of `size` places, text by text; those of text k are `hashes[offsets[k]:offsets[k + 1]]`."""
    count = 0
    out = power(size - 1)
    for text in range(len(starts)):
        offsets[text] = count
        value = np.uint64(0)
        for place in range(starts[text], min(starts[text] + size - 1, ends[text])):
            value = value * _BASE + np.uint64(letters[place] & _CODE)
        for place in range(starts[text] + size - 1, ends[text]):
            value = value * _BASE + np.uint64(letters[place] & _CODE)
            hashes[count] = (value ^ (value >> np.uint64(31))) * _SPREAD
            count += 1
            value -= np.uint64(letters[place - size + 1] & _CODE) * out
    offsets[len(starts)] = count


def _runs(letters, places, lower, upper, items, seeds, item_starts, item_ends, lengths):  # type: ignore[no-untyped-def]
    """How far each hit reaches: the length of the run of equal places through `places[k]` of a text and `seeds[k]` of an item.

    `lower`, `upper` bound the text, `item_starts`, `item_ends` the item.
    """
    for hit in range(len(places)):
        place, item = places[hit], seeds[hit]
        while place < upper[hit] and item < item_ends[hit] and (letters[place] ^ items[item]) & _CODE == 0:
            place += 1
            item += 1
        first, item = places[hit], seeds[hit]
        while first > lower[hit] and item > item_starts[hit] and (letters[first - 1] ^ items[item - 1]) & _CODE == 0:
            first -= 1
            item -= 1
        lengths[hit] = place - first


windows = compiled(_windows)
stretches = compiled(_stretches)
word_runs = compiled(_word_runs)
shingles = compiled(_shingles)
runs = compiled(_runs)
