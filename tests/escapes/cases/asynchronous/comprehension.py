# technique: use the asynchronous half of the language
# source: CPython's documentation of inspect
# layers: policy
# expect: rejected CHK140
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    async def work(source):
        return [x async for x in source]
    made = work(None)
    made.close()
    return obj["reached"]
