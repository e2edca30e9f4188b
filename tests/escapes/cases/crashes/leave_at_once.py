# technique: make the interpreter fall over, and leave the host without an answer
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: ProtocolViolation
# success: the process dies
# control: dies
def reconcile(obj, ctx):
    import os
    os._exit(0)
