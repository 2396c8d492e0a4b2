"""Invented place names; any likeness to a real place is chance."""

from __future__ import annotations

import numpy as np

_FIRST = (
    ("Yun", "云"), ("Qing", "青"), ("Bai", "白"), ("Long", "龙"), ("Feng", "凤"), ("Shi", "石"), ("Song", "松"),
    ("Mei", "梅"), ("He", "鹤"), ("Lan", "兰"), ("Tie", "铁"), ("Jin", "锦"), ("Ma", "马"), ("Hua", "花"),
    ("Da", "大"), ("Xiao", "小"), ("Shang", "上"), ("Xia", "下"), ("Lao", "老"), ("Xin", "新"), ("Hei", "黑"),
    ("Gan", "甘"), ("Chang", "长"), ("Luo", "螺"), ("Que", "雀"),
)  # fmt: skip
_SECOND = (
    ("xi", "溪"), ("ping", "坪"), ("ba", "坝"), ("yan", "岩"), ("zhai", "寨"), ("tang", "塘"), ("dong", "洞"),
    ("jing", "井"), ("po", "坡"), ("ling", "岭"), ("qiao", "桥"), ("wan", "湾"), ("tian", "田"), ("guan", "关"),
    ("pu", "铺"), ("he", "河"), ("chong", "冲"), ("keng", "坑"),
)  # fmt: skip


def place_names(count: int, rng: np.random.Generator) -> list[tuple[str, str]]:
    """Return different names in pinyin and in Chinese characters; a number follows once all pairs are used."""
    pairs = [(a + b, c + d) for a, c in _FIRST for b, d in _SECOND]
    keys = np.argsort(rng.random(len(pairs)), kind="stable")
    names = []
    for i in range(count):
        latin, chinese = pairs[keys[i % len(pairs)]]
        turn = i // len(pairs)
        names.append((f"{latin} {turn + 1}", f"{chinese}{turn + 1}") if turn else (latin, chinese))
    return names
