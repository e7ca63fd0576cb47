"""The hand-over from the quick guess to the network, class by class: by steps, and by what held-out labels say of both."""

from __future__ import annotations

from collections.abc import Mapping

MOST, USUAL = 0.9, 0.4
"""Largest share of the network: where held-out labels favour it, and where they do not tell."""

RAMP = 40
"""Number of steps over which the share rises to USUAL."""

MARGIN = 0.04
"""Difference of Dice on held-out labels that counts: they are few, and lie inside of structures."""


def shares(
    values: tuple[int, ...], steps: int, born: Mapping[int, int], network: Mapping[int, float], classifier: Mapping[int, float]
) -> dict[int, float]:
    """Return the network's share by class value, 0 to 1: after `steps`, for classes that joined at the step `born`, with the Dice that
    network and classifier have on held-out labels."""
    result = {}
    for value in values:
        ready = min(1.0, max(0, steps - born.get(value, 0)) / RAMP)
        gain = network.get(value, 0.0) - classifier.get(value, 0.0) if value in network and value in classifier else 0.0
        favoured = min(1.0, max(-1.0, gain / (3 * MARGIN))) if abs(gain) > MARGIN else 0.0
        most = USUAL + favoured * ((MOST - USUAL) if favoured > 0 else USUAL)
        result[value] = ready * most
    return result
