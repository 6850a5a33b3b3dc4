"""Everything the weights of ``textchange`` are made of: drawn captions, the network, its training and its export.

python -m training.textchange.draw   --folder DATA --footage ../shared/media/footage --clips 16000
python -m training.textchange.train  --folder DATA --minutes 60
python -m training.textchange.export --folder DATA --into src/clipmill/engines/pair_models/weights
"""
