//! The content-addressed store of snapshots.
