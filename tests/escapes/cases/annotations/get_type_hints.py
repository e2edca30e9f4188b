# technique: have an annotation evaluated
# source: our own survey of typing
# layers: policy, cage
# expect: rejected CHK131
# cage: Retry KeyError
# success: returns the secret
def reconcile(obj, ctx):
    from typing import get_type_hints
    sink = []
    class Mine:
        x: "sink.append(__import__('os').environ['CANARY'])"
    get_type_hints(Mine, None, {"sink": sink})
    return sink
