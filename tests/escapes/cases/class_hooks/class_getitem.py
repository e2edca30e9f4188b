# technique: define a hook that changes how the language works
# source: the language reference
# layers: policy
# expect: rejected CHK143
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    class Mine:
        def __class_getitem__(cls, key):
            return None
    return obj["reached"]
