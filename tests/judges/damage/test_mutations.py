"""Damage is damage: every mutation changes a text, mostly, and is the same again for the same seed."""

from __future__ import annotations

from random import Random

import pytest

from rung.judges.damage.mutations import BYTES, TOKENS, damage

TEXT = """// a comment
func.func @main(%x: tensor<4x8xf32>) -> tensor<4xf32> attributes {spine = 1 : i64} {
  %m = linalg.generic {maps = affine_map<(d0, d1) -> (d0)>} ins(%x : tensor<4x8xf32>) outs(%x : tensor<4xf32>)
  %r = nd.reduce "sum" %x axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  return %r : tensor<4xf32>
}
"""


@pytest.mark.parametrize("name", BYTES)
def test_mutation_of_bytes_changes_the_text(name: str) -> None:
    changed = [BYTES[name](Random(seed), TEXT.encode(), TEXT.encode()) != TEXT.encode() for seed in range(20)]
    assert sum(changed) >= 15


@pytest.mark.parametrize("name", TOKENS)
def test_mutation_of_tokens_changes_the_text(name: str) -> None:
    donor = TEXT.replace("tensor<4x8", "tensor<5x9").replace("sum", "max").replace("%", "%other_").replace("nd.reduce", "nd.pad")
    changed = [TOKENS[name](Random(seed), TEXT, donor) != TEXT for seed in range(20)]
    assert sum(changed) >= 10


@pytest.mark.parametrize("mutation", [*BYTES, *TOKENS])
def test_mutation_takes_an_empty_text(mutation: str) -> None:
    for seed in range(5):
        if mutation in BYTES:
            BYTES[mutation](Random(seed), b"", b"")
        else:
            TOKENS[mutation](Random(seed), "", "")


def test_damage_is_the_same_for_the_same_seed() -> None:
    assert [damage(Random(seed), TEXT, TEXT) for seed in range(50)] == [damage(Random(seed), TEXT, TEXT) for seed in range(50)]
    assert len({damage(Random(seed), TEXT, TEXT)[0] for seed in range(50)}) > 40
