# technique: swallow the deadline
# source: advisories of RestrictedPython
# layers: policy
# expect: rejected CHK140
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    done = None
    try:
        ctx.deadline()
    except* BaseException:
        done = obj["reached"]
    return done
