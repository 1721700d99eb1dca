"""Simple drawn pictures, 32 x 32, and questions on them: colour, shape and number.

A picture holds one to four figures of one shape and colour, each in its own quarter.
Items: `<image>색: 빨강`, `<image>모양: 원`, `<image>개수: 3`.
"""

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from flows.demo.items import Item, held_out

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE = 32
IMAGE_MARK = "<image>"
COLOURS = {
    "빨강": (220, 40, 40),
    "초록": (40, 170, 70),
    "파랑": (50, 80, 220),
    "노랑": (235, 205, 40),
    "보라": (150, 60, 190),
    "검정": (25, 25, 25),
}
SHAPES = ("원", "사각형", "삼각형", "십자")
MOST_FIGURES = 4
QUESTIONS = ("색", "모양", "개수")
_CELLS_A_SIDE, _CELL, _RADIUS, _JITTER = 2, 16, 6, 1
_BACKGROUND = (245, 245, 240)


@dataclass(frozen=True)
class Picture:
    """What is drawn: the same values give the same pixels. `places` are the figures' centres, `cells` where they sit."""

    shape: str
    colour: str
    cells: tuple[int, ...]
    places: tuple[tuple[int, int], ...]

    @property
    def key(self) -> str:
        """What counts as the same picture: shape, colour and cells, whatever the small shifts within the cells."""
        return f"{self.shape} {self.colour} {'-'.join(map(str, self.cells))}"

    def answer(self, question: str) -> str:
        """The true answer to one of QUESTIONS."""
        return {"색": self.colour, "모양": self.shape, "개수": str(len(self.cells))}[question]

    def item(self, question: str) -> Item:
        """The question on this picture, with all answers of its kind to choose from."""
        choices = {"색": tuple(COLOURS), "모양": SHAPES, "개수": tuple(map(str, range(1, MOST_FIGURES + 1)))}[question]
        kind = {"색": "colours", "모양": "shapes", "개수": "counting"}[question]
        key = f"{self.key} {self.places} {question}"
        text = f"{IMAGE_MARK}{question}:"
        return Item(kind, key, text, f" {self.answer(question)}", tuple(f" {choice}" for choice in choices))


def draw_picture(rng: Random, test: bool) -> Picture:
    """A picture of the held-out combinations (`test`) or of the others."""
    while True:
        shape, colour = rng.choice(SHAPES), rng.choice(list(COLOURS))
        cells = tuple(sorted(rng.sample(range(_CELLS_A_SIDE**2), rng.randint(1, MOST_FIGURES))))
        places = tuple(
            (
                _CELL * (cell % _CELLS_A_SIDE) + _CELL // 2 + rng.randint(-_JITTER, _JITTER),
                _CELL * (cell // _CELLS_A_SIDE) + _CELL // 2 + rng.randint(-_JITTER, _JITTER),
            )
            for cell in cells
        )
        picture = Picture(shape, colour, cells, places)
        if held_out("picture", picture.key) == test:
            return picture


def paint(picture: Picture) -> "Image":
    """The picture as an RGB image of SIDE x SIDE pixels."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (SIDE, SIDE), _BACKGROUND)
    pen = ImageDraw.Draw(image)
    fill = COLOURS[picture.colour]
    r = _RADIUS
    for x, y in picture.places:
        if picture.shape == "원":
            pen.ellipse((x - r, y - r, x + r, y + r), fill=fill)
        elif picture.shape == "사각형":
            pen.rectangle((x - r + 1, y - r + 1, x + r - 1, y + r - 1), fill=fill)
        elif picture.shape == "삼각형":
            pen.polygon([(x, y - r), (x - r, y + r), (x + r, y + r)], fill=fill)
        else:
            pen.rectangle((x - 2, y - r, x + 2, y + r), fill=fill)
            pen.rectangle((x - r, y - 2, x + r, y + 2), fill=fill)
    return image
