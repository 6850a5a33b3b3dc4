"""Jobs on machines of one's own, handed out by a Prefect server: `client` and its parts on this side, `worker` there.

Only `flows` and `serve`, which run on those machines, load Prefect's library; a caller speaks plain HTTP.
"""
