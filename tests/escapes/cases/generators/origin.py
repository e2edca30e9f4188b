# technique: reach a frame by what a generator or coroutine shows
# source: GHSA-xjw2-6jm9-rf67 and CVE-2023-37271: generators give frames (RestrictedPython)
# layers: policy
# expect: rejected CHK140
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    async def made():
        return 1
    thing = made()
    getattr(thing, "cr_origin")
    return obj["reached"] if (lambda: thing.cr_origin or True)() else None
