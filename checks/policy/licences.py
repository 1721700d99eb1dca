"""Whether a licence leaves the right to change and operate the weights, by the policy's lists."""

from typing import Literal

from checks.contracts.policy import LicencePolicy

LicenceStanding = Literal["allowed", "denied", "unknown"]


def licence_standing(expression: str | None, policy: LicencePolicy) -> LicenceStanding:
    """`allowed`, `denied` or `unknown` for an SPDX expression.

    Of `A OR B` the better choice counts, of `A AND B` the worse; what does not parse, and an absent licence, is unknown.

    >>> licence_standing("MIT OR CC-BY-NC-4.0", policy)
    'allowed'
    """
    from license_expression import ExpressionError, Licensing

    if not expression or not expression.strip():
        return "unknown"
    # SPDX 2.3, annex D.2: licences are named in upper or lower case alike
    allowed, denied = ({each.casefold() for each in names} for names in (policy.allow, policy.deny))
    licensing = Licensing()
    try:
        parsed = licensing.parse(expression)
    except ExpressionError:
        return "unknown"

    def standing(node: object) -> LicenceStanding:
        parts = [standing(part) for part in getattr(node, "args", ())]
        if isinstance(node, licensing.OR):
            return next(each for each in ("allowed", "unknown", "denied") if each in parts)
        if isinstance(node, licensing.AND):
            return next(each for each in ("denied", "unknown", "allowed") if each in parts)
        name = str(node).casefold()
        return "allowed" if name in allowed else "denied" if name in denied else "unknown"

    return standing(parsed)
