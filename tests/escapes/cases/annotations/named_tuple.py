# technique: have a type do what an annotation says
# source: our own survey of typing
# layers: policy
# expect: rejected CHK120
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    from typing import NamedTuple
    class Mine(NamedTuple):
        x: int
    return obj["reached"] if Mine(1)._field_defaults == {} else None
