"""Everything the weights of ``textchange`` are made of: drawn captions, the network, its training and its export.

python -m training.textchange --folder DATA --footage ../shared/media/footage --into src/clipmill/engines/pair_models/weights

does it all; the parts are ``.draw``, ``.train`` and ``.export``.
"""
