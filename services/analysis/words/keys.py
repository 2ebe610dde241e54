"""What a word answers to, in whatever form it is said: the keys by which it is found."""

from typing import NewType

Key = NewType("Key", str)

NUMBER = Key("@number")
NAME = Key("@name")
PERHAPS_NAME = Key("@perhaps_name")
"""What a Russian word that may be a first name, among others, answers to; not for playbooks."""
INFINITIVE = Key("@infinitive")
GENITIVE = Key("@genitive")
"""What a Russian noun in the genitive answers to; not for playbooks."""

VERB = Key("@verb")
"""What a Russian verb in a personal form or an infinitive answers to; not for playbooks."""
PROMISE = Key("@promise")


def fold(text: str) -> str:
    """Make what recognisers and people write differently equal: case, `ё`, the apostrophe."""
    return text.lower().replace("ё", "е").replace("’", "'")
