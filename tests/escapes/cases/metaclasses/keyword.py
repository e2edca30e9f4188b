# technique: choose how a class is made
# source: the language reference
# layers: policy
# expect: rejected CHK142
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    class Mine(metaclass=lambda name, bases, space: space):
        x = 1
    return obj["reached"] if "__module__" in Mine else None
