# technique: recurse beyond the stack
# source: folklore of jail CTFs
# layers: policy, cage
# expect: rejected CHK130
# cage: Crashed
# success: the process dies
# control: dies
def reconcile(obj, ctx):
    import sys
    sys.setrecursionlimit(10**8)
    def down():
        class Loud:
            def __repr__(self):
                return repr([self])
        repr(Loud())
    try:
        down()
    except RecursionError:
        # from Python 3.12 on C code has a limit of its own, wherever it counts; an iterator of an iterator does not
        chain = filter(None, ())
        for _ in range(10**6):
            chain = filter(None, chain)
        list(chain)
