//! Whole packs: nothing is reserved for what a header claims and is not there, and nothing panics.

/// One input.
pub(crate) fn run(data: &[u8]) {
    if let Ok(blobs) = snapback::store::check_pack(data) {
        assert!(blobs > 0 || !data.is_empty());
    }
}
