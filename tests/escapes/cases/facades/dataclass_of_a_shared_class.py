# technique: use a facade on a class or object that is not the author's
# source: our own review
# layers: policy
# expect: failed TypeError
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    import collections
    import dataclasses
    dataclasses.dataclass(frozen=True)(collections.Counter)
    return obj["reached"]
