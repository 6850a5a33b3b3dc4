"""Jobs on Modal: ``app`` and ``worker`` are what is deployed there, ``client`` submits, watches, cancels and comes back.

Nothing here loads the platform's library before it is used; `clipmill.runners.modal.opening` is the door.
"""
