"""Names of made-up people from many languages, and the e-mail forms they take."""

from __future__ import annotations

import unicodedata
from functools import cache
from random import Random

_NAMES: tuple[tuple[str, str], ...] = (
    (
        "Lena Jonas Mia Paul Clara Moritz Jana Nico Katharina Tobias Änne Jürgen",
        "Vogel Hartmann Krüger Schäfer Brandt Köhler Lehmann Seidel Großmann Pohl Böhm Albrecht",
    ),
    (
        "Camille Hugo Inès Léo Manon Théo Zoé Gaël Élodie Baptiste Anaïs Rémi",
        "Moreau Lefèvre Garnier Faure Roussel Blanchard Guérin Mercier Chevalier Perrin Noël Renaud",
    ),
    (
        "Lucía Álvaro Paloma Íñigo Rocío Joaquín Ximena Nicolás Begoña Andrés Pilar Iker",
        "Ibáñez Núñez Serrano Vidal Castaño Muñoz Quiroga Peña Salazar Ríos Echeverría Ortuño",
    ),
    (
        "Beatriz Tiago Joana Caio Luana Gonçalo Fernanda Davi Catarina Murilo Sílvia Otávio",
        "Araújo Teixeira Figueiredo Brandão Moura Peixoto Sampaio Queirós Nogueira Lacerda Vaz Rego",
    ),
    (
        "Aoife Callum Niamh Rhys Imogen Alistair Beth Conor Tamsin Gareth Isla Ewan",
        "Whitfield Gallagher Pritchard Ashworth Doyle Sinclair Thornton Kerr Bevan Maddox Quinn Rowe",
    ),
    (
        "Aaliyah Marcus Brooke Tyrone Savannah Dwayne Skyler Elena Jamal Kaitlyn Wyatt Denise",
        "Washington Caldwell Ramirez Hutchins Beaumont Delgado Pruitt Langley Ochoa Tran Baxter Cole",
    ),
    (
        "Ananya Rohan Kavya Vikram Meera Siddharth Ishita Karthik Divya Aditya Lakshmi Farhan",
        "Iyer Chatterjee Deshmukh Menon Kapoor Bhattacharya Reddy Gill Nair Joshi Qureshi Pillai",
    ),
    (
        "Sakura Ren Aoi Haruto Yui Sota Nanami Daiki Rin Kaito Misaki Takumi",
        "Yamamoto Kobayashi Nakamura Watanabe Ishikawa Fujimoto Matsuda Ueda Hayashi Ono Mori Endo",
    ),
    (
        "Chinedu Ngozi Tunde Adaeze Yaw Abena Thabo Lerato Wambui Kamau Amina Sekou",
        "Eze Balogun Owusu Asante Nkosi Mokoena Kariuki Njoroge Traore Diallo Okonjo Abubakar",
    ),
    (
        "Zofia Kacper Agnieszka Wojciech Eliška Matěj Tereza Ondřej Réka Bálint Ioana Radu",
        "Wiśniewski Zielińska Dvořák Procházka Szabó Kovács Ionescu Dumitru Łuczak Černý Varga Popa",
    ),
    (
        "Saga Elias Maja Ville Aino Sander Freja Mikkel Ingrid Håkon Þóra Jökull",
        "Bergström Sjögren Niemi Laine Kjær Østergaard Bakken Solberg Åkesson Holmqvist Lind Rask",
    ),
    (
        "Layla Omar Yasmin Tariq Rania Karim Defne Emre Shirin Cyrus Noa Eitan",
        "Haddadi Mansour Aydın Şahin Tehrani Azoulay Barakat Kaplan Öztürk Nasser Rahimi Peretz",
    ),
)
_SPELLED = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "o", "ł": "l", "ı": "i", "þ": "th", "æ": "ae"}
)
GROUPS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = tuple(
    (tuple(first.split()), tuple(last.split())) for first, last in _NAMES
)


def a_name(random: Random) -> tuple[str, str]:
    """First and last name of one language."""
    first, last = GROUPS[int(random.random() * len(GROUPS))]
    return first[int(random.random() * len(first))], last[int(random.random() * len(last))]


def local_part(first: str, last: str) -> str:
    """`first.last` in plain letters, as mail systems spell it."""
    return f"{_plain(first)}.{_plain(last)}"


@cache
def _plain(word: str) -> str:
    spelled = unicodedata.normalize("NFC", word).lower().translate(_SPELLED)
    letters = unicodedata.normalize("NFD", spelled)
    return "".join(letter for letter in letters if letter.isascii() and letter.isalnum())
