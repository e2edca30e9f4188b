# technique: use the asynchronous half of the language
# source: CPython's documentation of inspect
# layers: policy
# expect: rejected CHK140
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    async def many():
        yield obj["reached"]
    made = many()
    try:
        made.asend(None).send(None)
    except StopIteration as stop:
        return stop.value
