# technique: use a text that is one thing when checked and another when used
# source: our own review
# layers: policy
# expect: guarded
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    from enum import Enum
    class Sep(str, Enum):
        A = ","
    print(1, 2, sep=Sep.A)
    return obj["reached"]
