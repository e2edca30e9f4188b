# technique: use the asynchronous half of the language
# source: CPython's documentation of inspect
# layers: policy
# expect: rejected CHK140
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    class Door:
        async def __aenter__(self):
            return obj["reached"]
        async def __aexit__(self, *problem):
            return True
    async def work():
        async with Door() as found:
            return found
    try:
        work().send(None)
    except StopIteration as stop:
        return stop.value
