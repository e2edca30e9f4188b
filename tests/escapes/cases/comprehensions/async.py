# technique: look a name up in a scope that is not judged
# source: the language reference
# layers: policy
# expect: rejected CHK140
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    async def all():
        return [one async for one in [1]]
    return obj["reached"] if all else None
