# technique: leave a key that answers for others in a memory that all runs share
# source: our own review
# layers: policy
# expect: failed
# success: returns obj["reached"] once the class has taken the mask
from enum import IntEnum
from ipaddress import IPv4Network


class K(IntEnum):
    A = 8

    def __hash__(self):
        return 24

    def __eq__(self, other):
        return True


def reconcile(obj, ctx):
    IPv4Network(("10.0.0.0", K.A))
    return obj["reached"]
