"""Jobs on a RunPod serverless endpoint: `runner` and what it is made of on this side, `worker` and its parts on theirs."""
