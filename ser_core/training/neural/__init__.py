"""The network: its clips, its layers, its training. The only home of PyTorch."""
