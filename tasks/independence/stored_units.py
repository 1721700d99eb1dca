"""Where one matrix of a layer's hidden units lies in a checkpoint, and how some of its units are read without the others.

A unit is a row or a column of a stored matrix, whichever layout the model has; either way it comes out as a row.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tasks.checkpoints import Checkpoint
from tasks.independence.device import product
from tasks.independence.permutation_test import Matrix

#: Bytes of float32 that are held at a time of a matrix that is passed through.
_TILE_BYTES = 8_000_000


@dataclass(frozen=True)
class StoredUnits:
    """One matrix, (rows, columns) of tensor `name` from its row `first` on (an expert's); unit u is its row or column
    `start` + u × `step`."""

    name: str
    first: int
    rows: int
    columns: int
    along_rows: bool
    units: int
    start: int = 0
    step: int = 1

    @property
    def shape(self) -> tuple[int, int]:
        """(units, width)."""
        return self.units, self.columns if self.along_rows else self.rows

    def cut_to(self, units: int | None) -> "StoredUnits":
        """Its first units, as if there were no others; all where none are given."""
        return self if units is None else replace(self, units=min(units, self.units))

    def leading(self, checkpoint: Checkpoint, count: int) -> Matrix:
        """The first `count` units, (units, width)."""
        along = slice(self.start, self.start + min(count, self.units) * self.step)
        if self.along_rows:
            rows = slice(self.first + along.start, self.first + along.stop)
            return np.ascontiguousarray(checkpoint.read_matrix(self.name, rows)[:: self.step])
        rows = slice(self.first, self.first + self.rows)
        return np.ascontiguousarray(checkpoint.read_matrix(self.name, rows, along)[:, :: self.step].T)

    def chosen(self, checkpoint: Checkpoint, wanted: Sequence[int] | npt.NDArray[np.int_]) -> Matrix:
        """The given units in their order, (units, width)."""
        places = self.start + np.asarray(wanted) * self.step
        found = np.empty((len(places), self.shape[1]), dtype=np.float32)
        for top, tile in self._tiles(checkpoint):
            if self.along_rows:
                inside = (places >= top) & (places < top + len(tile))
                found[inside] = tile[places[inside] - top]
            else:
                found[:, top : top + len(tile)] = tile[:, places].T
        return found

    def squared_lengths(self, checkpoint: Checkpoint, gain: Matrix | None) -> npt.NDArray[np.float64]:
        """Of every unit, with the gain of the norm before it (width,) folded in."""
        along = np.arange(self.units) * self.step + self.start
        squares = np.zeros(self.rows if self.along_rows else self.columns)
        for top, tile in self._tiles(checkpoint):
            if self.along_rows:
                tile = tile if gain is None else tile * gain
                squares[top : top + len(tile)] = np.einsum("ij,ij->i", tile, tile, dtype=np.float64)
            else:
                tile = tile if gain is None else tile * gain[top : top + len(tile), None]
                squares += np.einsum("ij,ij->j", tile, tile, dtype=np.float64)
        return np.asarray(squares[along])

    def projected(self, checkpoint: Checkpoint, gain: Matrix | None, directions: Matrix) -> Matrix:
        """(units, k): every unit at length one, the gain of the norm before it folded in, along `directions`, (width, k)."""
        along = np.arange(self.units) * self.step + self.start
        found = np.zeros((self.units, directions.shape[1]), dtype=np.float32)
        squares = np.zeros(self.units)
        for top, tile in self._tiles(checkpoint):
            bottom = top + len(tile)
            if self.along_rows:
                inside = (along >= top) & (along < bottom)
                rows = tile[along[inside] - top] if gain is None else tile[along[inside] - top] * gain
                found[inside] = product(rows, directions)
                squares[inside] = np.einsum("ij,ij->i", rows, rows, dtype=np.float64)
            else:
                rows = tile[:, along] if gain is None else tile[:, along] * gain[top:bottom, None]
                found += product(rows.T, directions[top:bottom])
                squares += np.einsum("ij,ij->j", rows, rows, dtype=np.float64)
        lengths = np.sqrt(np.where(squares > 0, squares, 1.0)).astype(np.float32)
        return np.asarray(found / lengths[:, None], dtype=np.float32)

    def _tiles(self, checkpoint: Checkpoint) -> Iterator[tuple[int, Matrix]]:
        """(Its first row, rows) of the stored matrix, a tile at a time."""
        rows = max(1, _TILE_BYTES // (4 * max(1, self.columns)))
        for top in range(0, self.rows, rows):
            bottom = min(self.rows, top + rows)
            yield top, checkpoint.read_matrix(self.name, slice(self.first + top, self.first + bottom))
