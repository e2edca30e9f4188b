# technique: import a module that works on the interpreter itself
# source: folklore of jail CTFs
# layers: policy
# expect: rejected CHK130
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    import codeop
    return obj["reached"] if codeop else None
