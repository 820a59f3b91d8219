//! Manifests: what can be read can be written.

/// One input.
pub(crate) fn run(data: &[u8]) {
    drop(snapback::store::check_manifest(data));
}
