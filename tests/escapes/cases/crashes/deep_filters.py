# technique: make the interpreter fall over, and leave the host without an answer
# source: CPython issue 58218: a deep chain of iterators overflows the C stack
# layers: cage
# cage: Crashed
# success: the process dies
# control: dies
def reconcile(obj, ctx):
    chain = iter([])
    for _ in range(200_000):
        chain = filter(None, chain)
    list(chain)
