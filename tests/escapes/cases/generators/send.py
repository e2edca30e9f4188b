# technique: drive a generator from outside
# source: GHSA-xjw2-6jm9-rf67 and CVE-2023-37271: generators give frames (RestrictedPython)
# layers: policy
# expect: guarded
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    def made():
        try:
            yield 1
        except ValueError:
            yield 2
    thing = made()
    next(thing) if "send" == "throw" else None
    thing.send(None)
    return obj["reached"]
