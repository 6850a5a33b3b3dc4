"""``python -m clipmill.runners.runpod``: a worker of a RunPod endpoint, or a smoke test of one.

``--test_input JSON`` carries out one job here; ``--rp_serve_api`` answers like an endpoint on this machine, without a queue.
"""

from clipmill.runners.runpod.serve import serve

if __name__ == "__main__":
    serve()
