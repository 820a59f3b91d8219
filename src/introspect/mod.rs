//! Reads a live catalog into the model.
