"""Whether two channels carry one signal, which may be late, weaker, turned over or noisy on one of them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

SAME_SIGNAL = 0.9
"""Correlation above which two channels carry one signal; two people on a line that echoes have less."""
MOST_SECONDS_LATE = 0.25
LOUD, APART = 0.5, 0.7
"""A stretch of a few seconds that has so much of the mean power of a channel shows a second voice where its correlation
is less: who says but one word on a line that echoes is heard."""

_STEP = 4
"""Samples at 16 kHz of which one is made: the pitch of voices, not their hiss, tells them apart."""
_RATE = 16_000 // _STEP
_BLOCK = 5 * _RATE
_SHORTEST = _BLOCK // 2
_LATEST = round(MOST_SECONDS_LATE * _RATE)
_LENGTH = _BLOCK + _LATEST + 600  # a product of small primes, for the Fourier transform
_LOWEST = 100 * _LENGTH // _RATE
"""Below 100 Hz there is hum."""
_TINY = 1e-12
_BETWEEN = 8
"""Places between two samples at which the correlation is looked at."""

Floats = NDArray[np.floating[Any]]


class Likeness:
    """Compares two channels, block by block, over all times by which one may be late."""

    def __init__(self) -> None:
        bins = _LENGTH // 2 + 1
        self._cross = np.zeros(bins, np.complex128)
        self._stretches: list[tuple[float, float, float]] = []
        self._rest: Floats = np.zeros((2, 0), np.float32)
        self._length = 0

    def add(self, samples: Floats) -> None:
        """Take what comes next, (2, n) at 16 kHz."""
        gathered = np.concatenate([self._rest, samples], axis=1)
        size = _BLOCK * _STEP
        whole = gathered.shape[1] // size * size
        for start in range(0, whole, size):
            self._compare(gathered[:, start : start + size])
        self._rest = gathered[:, whole:]

    def are_same(self) -> bool:
        """Tell whether both carry one signal, after all was added."""
        if self._rest.shape[1] > _SHORTEST * _STEP or not self._stretches:
            self._compare(self._rest)  # less is too little to be late in
        self._rest = self._rest[:, :0]
        if not self._stretches:
            return False
        stretches = np.array(self._stretches)
        powers = stretches[:, :2]
        power = float(np.sqrt(powers.sum(axis=0).prod()))
        if not power:
            return False
        lags = np.fft.irfft(self._cross, _LENGTH * _BETWEEN) * _BETWEEN
        within = np.arange(-_LATEST * _BETWEEN, _LATEST * _BETWEEN + 1)
        # At each lag less of a block meets the other: what is left out is made up for.
        met = 1 - np.abs(within) / _BETWEEN * len(stretches) / self._length
        if (np.abs(lags[within]) / np.maximum(met, 0.5)).max() <= SAME_SIGNAL * power:
            return False
        loud = (powers > LOUD * powers.mean(axis=0)).any(axis=1)
        return not (loud & (stretches[:, 2] < APART)).any()

    def _compare(self, block: Floats) -> None:
        length = block.shape[1] // _STEP
        if not length:
            return
        slow = block[:, : length * _STEP].reshape(2, length, _STEP).mean(axis=2)
        spectra = np.fft.rfft(slow, _LENGTH)
        spectra[:, :_LOWEST] = 0
        cross = np.conj(spectra[0]) * spectra[1]
        left, right = 2 / _LENGTH * np.square(np.abs(spectra)).sum(axis=1)
        lags = np.abs(np.fft.irfft(cross, _LENGTH))
        most = max(lags[: _LATEST + 1].max(), lags[-_LATEST:].max())
        self._stretches.append((left, right, most / max(np.sqrt(left * right), _TINY)))
        self._cross += cross
        self._length += length
