"""`collections`: the real C containers, whose types nobody can change; the rest is written anew.

The real `namedtuple` evaluates a text made of its names, the real `Counter` and `ChainMap` are classes in Python.
"""

from __future__ import annotations

import collections

from sandbox.policy.facades.base import Facade, fixed
from sandbox.policy.facades.chainmap import ChainMap
from sandbox.policy.facades.counter import Counter
from sandbox.policy.facades.namedtuples import namedtuple
from sandbox.policy.facades.typing_ import ABC_SPEC

SPECS = (
    fixed(
        "collections",
        {
            "ChainMap": ChainMap,
            "Counter": Counter,
            "OrderedDict": collections.OrderedDict,
            "defaultdict": collections.defaultdict,
            "deque": collections.deque,
            "namedtuple": namedtuple,
            "abc": Facade("collections.abc", dict(ABC_SPEC)),
        },
    ),
    fixed("collections.abc", dict(ABC_SPEC)),
)
