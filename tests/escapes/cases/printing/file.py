# technique: let print write elsewhere
# source: advisories of RestrictedPython
# layers: policy
# expect: failed
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    class Sink:
        text = ""
        def write(self, text):
            self.text += text
    sink = Sink()
    print(obj["reached"], file=sink)
    return sink.text
