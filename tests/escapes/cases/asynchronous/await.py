# technique: use the asynchronous half of the language
# source: CPython's documentation of inspect
# layers: policy
# expect: rejected CHK140
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    class Ready:
        def __await__(self):
            yield obj["reached"]
    async def work():
        await Ready()
    return work().send(None)
