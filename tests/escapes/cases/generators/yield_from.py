# technique: reach a frame by what a generator or coroutine shows
# source: GHSA-xjw2-6jm9-rf67 and CVE-2023-37271: generators give frames (RestrictedPython)
# layers: policy
# expect: rejected CHK121
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    def made():
        yield from iter([1])
    thing = made()
    next(thing)
    getattr(thing, "gi_yieldfrom")
    return obj["reached"] if (lambda: thing.gi_yieldfrom or True)() else None
