# technique: choose how a class is made
# source: the language reference
# layers: policy
# expect: rejected CHK142
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    class Base:
        def __init_subclass__(cls, **options):
            options["sink"].append(1)
    sink = []
    class Mine(Base, sink=sink):
        pass
    return obj["reached"] if sink else None
