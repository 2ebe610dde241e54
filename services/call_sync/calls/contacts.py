"""Numbers of people as those may see them who may not see them whole. Pure functions."""

from services.kernel.errors import InvalidInput

SHORT = 4
"""A number of so few digits is nobody's own, as of an extension, and is shown."""
LONG = 10
"""Digits of a whole number without its country; a shorter one shows fewer."""
SHOWN = 4
"""How many digits a long number shows at its end."""
_COUNTRY = 3
"""The most digits of a country code."""


def shown_contact(contact: str) -> str:
    """Return a contact with the middle of its number as asterisks; what has no number, as a name, stays.

    The country code and the last four digits are left of a long number, the last two of a shorter one.
    """
    digits = sum(map(str.isdecimal, contact))
    if digits <= SHORT:
        return contact
    first = min(_COUNTRY, max(0, digits - LONG))
    last = digits - (SHOWN if digits >= LONG else SHOWN // 2)
    shown, seen = [], 0
    for character in contact:
        if character.isdecimal():
            seen += 1
            shown.append(character if seen <= first or seen > last else "*")
        else:
            shown.append(character)
    return "".join(shown)


def contact_filter(contact: str, *, whole: bool) -> tuple[str | None, str | None]:
    """Return the name and the digits to look for, one of them None; raises InvalidInput.

    Who may not see numbers whole looks for what is shown of them, so that nothing is learnt digit by digit.
    """
    wanted = contact.strip()
    digits = "".join(filter(str.isdecimal, wanted))
    if not wanted:
        return None, None
    if any(map(str.isalpha, wanted)):
        if digits and not whole:
            raise InvalidInput("filter.contact: write letters of a name, or digits, not both")
        return wanted, None
    if len(digits) < SHORT:
        raise InvalidInput("filter.contact: write at least four digits of a number")
    if len(digits) > SHOWN and not whole:
        raise InvalidInput(
            "filter.contact: write the last four digits, the others are not shown to you"
        )
    return None, digits
