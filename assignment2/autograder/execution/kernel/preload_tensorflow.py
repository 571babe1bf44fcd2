"""Imported by fork servers whose kernels need TensorFlow: loads it and Keras.

Nothing is computed here: TensorFlow starts threads with the first operation, and they would not survive a fork.
"""

import keras
import tensorflow

__all__ = ["keras", "tensorflow"]
