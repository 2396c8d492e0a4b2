"""What a report says of pairwise judgements."""

from __future__ import annotations

from .... import core
from ..inputs.judgements import Judged
from . import html


def judgement_parts(judged: Judged) -> list[str]:
    """Return the pieces of the report on the judgements."""
    result, experts = judged.result, judged.experts
    group = result.group
    names = group.names
    parts = [
        html.heading("Judgements", 3),
        html.cards(
            [
                (f"{group.cr:.3f}", "consistency ratio (below 0.1 is accepted)"),
                (f"{group.ci:.3f}", "consistency index"),
                (f"{group.lambda_max:.3f}", "largest eigenvalue"),
                (str(len(names)), "factors"),
                (str(len(experts)), "experts" if len(experts) > 1 else "expert"),
            ]
        ),
        *[html.warning(line) for line in judged.advice],
        html.table(
            ["", *names],
            [
                [name, *["" if value != value else core.weights.scale_text(float(value)) for value in row]]
                for name, row in zip(names, group.matrix)
            ],
            caption="Importance of the row over the column"
            + (" (geometric mean of the experts)." if len(experts) > 1 else "."),
        ),
        html.paragraph(f"Weights: principal eigenvector. Random index {group.random_index:.4g} ({group.table})."),
    ]
    if len(experts) > 1:
        parts += [
            html.heading("Experts", 3),
            html.table(
                ["Expert", "CR", "Compatibility", *names],
                [
                    [name, float(one.cr), float(index), *[float(weight) for weight in one.weights]]
                    for name, one, index in zip(experts, result.experts, result.compatibility)
                ],
            ),
            html.paragraph(
                f"Agreement on the order of the factors: Kendall's W = {result.concordance:.2f} (0 none, 1 full). "
                "Compatibility is Saaty's index of an expert's weights with those of the group: 1 is equal, up to 1.1 "
                "close."
            ),
        ]
    return parts
