# technique: want an effect that the Reconciler may not have
# source: our own review
# layers: policy, cage
# expect: rejected CHK130
# cage: PlanInvalid
# success: the host takes the effect
def reconcile(obj, ctx):
    import os
    def send(body):
        data = body.encode("utf-8", "surrogatepass")
        data = len(data).to_bytes(4, "big") + data
        while data:
            data = data[os.write(3, data):]
    def frame(tag, rest):
        return '{"t":"' + tag + '","id":"' + ctx.run.id + '",' + rest + "}"
    status = '"status":{"a":"' + obj["reached"] + '"}'

    send(frame("done", '"effects":[{"t":"condition","type":"Mine","status":"Maybe","reason":"Fine","message":"' + obj["reached"] + '"}]'))
    while obj["spec"]["much"] > 10**6:
        pass
