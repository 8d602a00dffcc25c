"""The similarity of two images before and after a registration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.similarity.base import Similarity


def similarity_before_after(
    measure: Similarity, fixed: Tensor, before: Tensor, after: Tensor, mask: Tensor | None = None
) -> dict[str, Any]:
    """{name, before, after}: the measure's value as the field reports it (not the loss).

    fixed, before, after: [C, *shape] on the fixed grid; `before` is the moving image through the
    initial transform alone, `after` through the whole. mask: boolean [*shape]; give the region
    that both cover, else the empty border is compared too.
    """
    import torch

    with torch.no_grad():
        return {
            "name": measure.name,
            "before": float(measure.value(fixed, before, mask)),
            "after": float(measure.value(fixed, after, mask)),
        }
