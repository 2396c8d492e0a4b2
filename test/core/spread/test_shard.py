"""Shards as people and batch systems number them."""

import re

import pytest
from ecosecnet.core.errors import InputError
from ecosecnet.core.spread import Shard, read_shard

SLURM = {
    "SLURM_ARRAY_TASK_ID": "7",
    "SLURM_ARRAY_TASK_MIN": "1",
    "SLURM_ARRAY_TASK_MAX": "40",
    "SLURM_ARRAY_TASK_COUNT": "40",
}
FROM_0 = {**SLURM, "SLURM_ARRAY_TASK_MIN": "0", "SLURM_ARRAY_TASK_MAX": "39"}
SOME_AGAIN = {**SLURM, "SLURM_ARRAY_TASK_MIN": "2", "SLURM_ARRAY_TASK_MAX": "7", "SLURM_ARRAY_TASK_COUNT": "2"}
EVERY_OTHER = {**SLURM, "SLURM_ARRAY_TASK_COUNT": "20"}
GRID_ENGINE = {"SGE_TASK_ID": "7", "SGE_TASK_FIRST": "3", "SGE_TASK_LAST": "9"}


@pytest.mark.parametrize(
    ("text", "environment", "shard"),
    [
        ("3/40", {}, Shard(3, 40)),
        (" 3 / 40 ", SLURM, Shard(3, 40)),
        ("1/1", {}, Shard(1, 1)),
        ("array", SLURM, Shard(7, 40)),
        ("Array", FROM_0, Shard(8, 40)),
        ("array/40", SOME_AGAIN, Shard(7, 40)),
        ("array", {"LSB_JOBINDEX": "7", "LSB_JOBINDEX_END": "8"}, Shard(7, 8)),
        ("array", GRID_ENGINE, Shard(5, 7)),
        ("array/9", {"PBS_ARRAY_INDEX": "7"}, Shard(7, 9)),
        ("array/9", {"PBS_ARRAYID": "7"}, Shard(7, 9)),
    ],
)
def test_read(text, environment, shard):
    assert read_shard(text, environment) == shard


@pytest.mark.parametrize(
    ("text", "environment", "words"),
    [
        ("5/3", {}, "SHARD is 5/3; shards are numbered from 1"),
        ("0/3", {}, "SHARD is 0/3"),
        ("1/0", {}, "SHARD is 1/0"),
        ("3", {}, "SHARD is '3'. Give for instance 3/40"),
        ("-1/3", {}, "SHARD is '-1/3'"),
        ("some", {}, "SHARD is 'some'"),
        ("array", {}, "this is no job of an array: none of SLURM_ARRAY_TASK_ID"),
        ("array", {"LSB_JOBINDEX": "0"}, "this is no job of an array"),
        ("array", {"SGE_TASK_ID": "undefined"}, "this is no job of an array"),
        ("array", SOME_AGAIN, "not numbered without gaps.*SHARD=array/40"),
        ("array", EVERY_OTHER, "not numbered without gaps"),
        ("array", {"PBS_ARRAY_INDEX": "7"}, "PBS does not say how many jobs.*SHARD=array/40"),
        ("array/40", {"SLURM_ARRAY_TASK_ID": "0"}, "SHARD is 0/40"),
    ],
)
def test_refused(text, environment, words):
    with pytest.raises(InputError) as refused:
        read_shard(text, environment)
    assert re.search(words, str(refused.value))


@pytest.mark.parametrize(("count", "pieces"), [(1, 5), (3, 8), (4, 4), (7, 3)])
def test_every_piece_is_in_one_share(count, pieces):
    shares = [list(Shard(number, count).share(pieces)) for number in range(1, count + 1)]
    assert sorted(number for share in shares for number in share) == list(range(pieces))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
