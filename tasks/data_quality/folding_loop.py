"""The loop of `folding`: one look at every unit of text, nothing kept but letters and a few places."""

import numpy as np

from tasks.data_quality.compiled import compiled
from tasks.data_quality.letters import (
    APART,
    AT,
    CODE_MASK,
    DEPENDS,
    DIGIT,
    HALF,
    HANGUL,
    KIND_MASK,
    KIND_SHIFT,
    LEAST_DIGITS,
    LINE_END,
    MOST_LETTERS,
    RARE,
    REPLACEMENT,
    SEVERAL,
    SPACED,
    TEXT_END,
    WEIGHT_MASK,
    WEIGHT_SHIFT,
)

_KEPT = RARE - 1 & ~(WEIGHT_MASK << WEIGHT_SHIFT)
_FLAGS = APART | SPACED
_KEPT32, _FLAGS32, _RARE32 = np.uint32(_KEPT), np.uint32(_FLAGS), np.uint32(RARE)
_KIND32, _WEIGHT32 = np.uint32(KIND_SHIFT), np.uint32(WEIGHT_SHIFT)


def _fold(  # type: ignore[no-untyped-def]  # numpy arrays; compiled for the types that it is called with
    units, rows, normalised, entries, several, by_text, letters, lines, numbers, at_signs, filled
):
    """Folds texts that end in TEXT_END each; `rows[k]` says which row of `by_text` is the k-th text's.

    A row is start, end, undecodable characters; start is -1 where a letter depends on its neighbours and the text is not
    `normalised`: nothing else is kept of that text. `filled` says how many places, lines, numbers and at-signs are written,
    and is carried on.
    """
    place, line, number, at_sign = filled[0], filled[1], filled[2], filled[3]
    unit = 0
    for row in rows:
        start, lines_before, numbers_before, ats_before = place, line, number, at_sign
        line_start, flags, replaced = place, 0, 0
        digits, first_digit, after_digit, place_after_digit = 0, 0, 0, -1
        depends = False
        while True:
            entry = entries[units[np.uintp(unit)]]  # an index that cannot be negative saves a comparison
            unit += 1
            if entry & RARE:
                kind = entry >> KIND_SHIFT & KIND_MASK
                if kind == DEPENDS:
                    if not normalised:
                        depends = True
                        while units[unit] != 0:
                            unit += 1
                        unit += 1
                        break
                    kind = entry >> WEIGHT_SHIFT & KIND_MASK
                    entry = APART
                    if kind:
                        plain = entries[units[unit - 1]] & CODE_MASK
                        entry = plain | kind << KIND_SHIFT | (2 if kind >= HANGUL else 1) << WEIGHT_SHIFT
                if kind == DIGIT:
                    if place != place_after_digit or unit - after_digit > 2:
                        if digits >= LEAST_DIGITS:
                            numbers[number, 0], numbers[number, 1] = first_digit, after_digit
                            number += 1
                        digits, first_digit = 0, unit - 1
                    digits += 1
                    after_digit, place_after_digit = unit, place + 1
                elif kind == SEVERAL:
                    first = MOST_LETTERS * (entry & CODE_MASK)
                    for each in range(first, first + MOST_LETTERS):
                        if several[each]:
                            letters[place] = several[each] & _KEPT | flags
                            letters[place + 1] = several[each] & CODE_MASK | HALF
                            place += several[each] >> WEIGHT_SHIFT & WEIGHT_MASK
                            flags = 0
                    continue
                elif kind == 0 and entry & RARE:
                    sign = entry & CODE_MASK
                    if sign == AT:
                        at_signs[at_sign] = unit - 1
                        at_sign += 1
                    elif sign == REPLACEMENT:
                        replaced += 1
                    elif sign in (LINE_END, TEXT_END):
                        if place > line_start:
                            lines[line, 0], lines[line, 1] = line_start, place
                            line += 1
                            line_start = place
                        if sign == TEXT_END:
                            break
                        flags |= SPACED
                    entry = APART
            weight = entry >> WEIGHT_SHIFT & WEIGHT_MASK
            letters[np.uintp(place)] = entry & _KEPT | flags
            letters[np.uintp(place + 1)] = entry & CODE_MASK | HALF
            place += weight
            flags = (flags | entry & _FLAGS) & (0 if weight else _FLAGS)
        if depends:
            place, line, number, at_sign = start, lines_before, numbers_before, ats_before
            by_text[row, 0] = -1
        else:
            if digits >= LEAST_DIGITS:
                numbers[number, 0], numbers[number, 1] = first_digit, after_digit
                number += 1
            by_text[row, 0], by_text[row, 1], by_text[row, 2] = start, place, replaced
    filled[0], filled[1], filled[2], filled[3] = place, line, number, at_sign


def _fold_ascii(units, rows, entries, by_text, letters, lines, numbers, at_signs, filled):  # type: ignore[no-untyped-def]
    """The same for texts of ASCII, in which every letter takes one place and none depends on another.

    Each step of the loop is a few operations of 32 bits: Python's own numbers would make it half as long again.
    """
    place, line, number, at_sign = filled[0], filled[1], filled[2], filled[3]
    unit = 0
    for row in rows:
        start, line_start, flags = place, place, np.uint32(0)
        digits, first_digit, after_digit, place_after_digit = 0, 0, 0, -1
        while True:
            entry = entries[units[np.uintp(unit)]]
            unit += 1
            if entry & _RARE32:
                if entry >> _KIND32 & np.uint32(KIND_MASK) == DIGIT:
                    if place != place_after_digit or unit - after_digit > 2:
                        if digits >= LEAST_DIGITS:
                            numbers[number, 0], numbers[number, 1] = first_digit, after_digit
                            number += 1
                        digits, first_digit = 0, unit - 1
                    digits += 1
                    after_digit, place_after_digit = unit, place + 1
                else:
                    flags |= np.uint32(APART)
                    if entry & np.uint32(CODE_MASK) == AT:
                        at_signs[at_sign] = unit - 1
                        at_sign += 1
                        continue
                    if place > line_start:
                        lines[line, 0], lines[line, 1] = line_start, place
                        line += 1
                        line_start = place
                    if entry & np.uint32(CODE_MASK) == TEXT_END:
                        break
                    flags |= np.uint32(SPACED)
                    continue
            letters[np.uintp(place)] = entry & _KEPT32 | flags
            weight = entry >> _WEIGHT32 & np.uint32(1)
            flags = (flags | entry & _FLAGS32) & (weight - np.uint32(1))
            place += weight
        if digits >= LEAST_DIGITS:
            numbers[number, 0], numbers[number, 1] = first_digit, after_digit
            number += 1
        by_text[row, 0], by_text[row, 1], by_text[row, 2] = start, place, 0
    filled[0], filled[1], filled[2], filled[3] = place, line, number, at_sign


def _count_kinds(letters, starts, ends, kinds):  # type: ignore[no-untyped-def]
    """How many letters of each kind every text has; the second place of a letter has none."""
    for text in range(len(starts)):
        digits = plain = hangul = han = 0
        for place in range(starts[text], ends[text]):
            kind = letters[place] >> KIND_SHIFT & KIND_MASK
            digits += kind == 1
            plain += kind == 2
            hangul += kind == 3
            han += kind == 4
        kinds[text, 1], kinds[text, 2], kinds[text, 3], kinds[text, 4] = digits, plain, hangul, han


fold_texts = compiled(_fold)
fold_ascii = compiled(_fold_ascii)
count_kinds = compiled(_count_kinds)
