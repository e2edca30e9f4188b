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
    down()
