# technique: leave an object in a memory that all runs share
# source: our own review
# layers: policy
# expect: failed
# success: returns obj["reached"] once the format was taken
from datetime import datetime
from enum import Enum


class F(str, Enum):
    K = "%Y"

    def __hash__(self):
        return 5

    def __eq__(self, other):
        return NotImplemented


def reconcile(obj, ctx):
    datetime.strptime("2020", F.K)
    return obj["reached"]
