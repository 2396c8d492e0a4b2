"""How far a network can be relied on: robustness of the judgements behind it, validation, null models."""

__all__: list[str] = []
