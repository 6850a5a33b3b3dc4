"""The render path on a graphics card, as operations of PyTorch; on a processor they are the same, and slower."""
