"""Whether a licence is a valid SPDX expression, with names of our own for Korean public licences.

>>> is_valid_licence("Apache-2.0 AND LicenseRef-KOGL-1")
True
"""

from functools import cache
from typing import Any

#: 공공누리 (KOGL) types 1 to 4 and AI-Hub's terms have no SPDX identifier; the usual spellings are accepted.
OWN_LICENCES: dict[str, tuple[str, ...]] = {
    **{f"LicenseRef-KOGL-{kind}": (f"KOGL-{kind}", f"KOGL-Type-{kind}", f"공공누리-{kind}") for kind in (1, 2, 3, 4)},
    "LicenseRef-AI-Hub": ("AI-Hub", "AIHub"),
    "LicenseRef-Proprietary": (),
}
#: SPDX's own words for "nobody said": valid to write, but no licence.
UNSETTLED = ("NOASSERTION", "NONE")


@cache
def _licensing() -> Any:
    from license_expression import LicenseSymbol, Licensing, get_license_index

    symbols = [
        LicenseSymbol(
            entry["spdx_license_key"],
            aliases=tuple(entry.get("other_spdx_license_keys") or ()),
            is_exception=bool(entry.get("is_exception")),
        )
        for entry in get_license_index()
        if entry.get("spdx_license_key") and not entry["spdx_license_key"].startswith("LicenseRef-scancode")
    ]
    symbols += [LicenseSymbol(name, aliases=aliases) for name, aliases in OWN_LICENCES.items()]
    symbols += [LicenseSymbol(word) for word in UNSETTLED]
    return Licensing(symbols)


def is_valid_licence(expression: str) -> bool:
    """Whether every licence of the expression is one that SPDX lists or that is our own; an empty one is not valid.

    A `LicenseRef-…` of somebody else's is a name without a text, so it is not valid either.
    """
    return _parsed(expression) is not None


def is_settled_licence(expression: str) -> bool:
    """Whether the expression is valid and names licences only, not NOASSERTION or NONE."""
    parsed = _parsed(expression)
    return parsed is not None and not any(str(symbol) in UNSETTLED for symbol in parsed.symbols)


def _parsed(expression: str) -> Any:
    if not expression.strip():
        return None
    try:
        return _licensing().parse(expression, validate=True, strict=True)
    except Exception:  # the library raises errors of several families, ExpressionParseError and ParseError among them
        return None
