"""Names that nobody has: given names of the world with surnames that mean 'example' in its languages."""

from __future__ import annotations

import random
from itertools import chain, islice

_GIVEN = [
    "Aoife",
    "Ayşe",
    "Björn",
    "Chidi",
    "Dagný",
    "Elif",
    "Farah",
    "Gaël",
    "Hana",
    "Inés",
    "José",
    "Keanu",
    "Leilani",
    "Łukasz",
    "Mele",
    "Minh",
    "Noor",
    "Nguyệt",
    "Oluwaseun",
    "Priya",
    "Renée",
    "Søren",
    "Tomás",
    "Uxía",
    "Věra",
    "Wanjiru",
    "Xóchitl",
    "Yūki",
    "Zoë",
    "Þóra",
]

_SURNAMES = [
    "Beispiel",
    "Dæmi",
    "Eisimpleir",
    "Ejemplo",
    "Enghraifft",
    "Esempio",
    "Exempel",
    "Exemple",
    "Exemplo",
    "Halimbawa",
    "Laʻana",
    "Mfano",
    "Näide",
    "Örnek",
    "Paradigma",
    "Példa",
    "Piemērs",
    "Príklad",
    "Przykład",
    "Pavyzdys",
    "Shembull",
    "Udāharaṇ",
    "Voorbeeld",
    "Vídụ",
    "Yangyeong",
]


def distinct_names(number: int, chance: random.Random) -> list[str]:
    """`number` different names (at most 19,500); past the 750 pairs a second surname is added."""
    pairs = [f"{given} {surname}" for given in _GIVEN for surname in _SURNAMES]
    chance.shuffle(pairs)
    longer = (f"{pair}-{surname}" for surname in _SURNAMES for pair in pairs)
    return list(islice(chain(pairs, longer), number))
