"""Where files lie: shipped models and data with their manifests, and the cache folder."""
