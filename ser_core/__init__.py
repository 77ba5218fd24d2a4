"""Speech emotion recognition, honestly measured: load speech, extract features, predict emotion and gender.

>>> from ser_core.audio import load
>>> from ser_core.models import load_default
>>> from ser_core.prediction import predict
>>> recording = load("data/samples/steady-low-voice.flac")
>>> prediction = predict(recording, load_default("emotion"), load_default("gender"))
>>> round(sum(prediction.emotion_probabilities.values()), 6)
1.0
"""

__version__ = "0.1.0"
