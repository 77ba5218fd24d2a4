"""From feature tables to out-of-fold predictions and saved models."""
