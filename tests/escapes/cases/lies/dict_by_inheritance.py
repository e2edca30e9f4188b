# technique: pass an object for what only says that it is something else
# source: our own review
# layers: policy
# expect: failed TypeError
# success: the host takes what it did not check
def reconcile(obj, ctx):
    from collections import Counter
    child = Counter()
    child["apiVersion"] = child["kind"] = obj["reached"]
    ctx.apply(child)
