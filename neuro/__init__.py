"""A cat's visual cortex, a neocognitron and a convolutional network on one bench.

geometry -> stimuli, datasets -> models -> learning -> recording -> analysis -> plotting -> experiment
"""
