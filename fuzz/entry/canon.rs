//! Canonical bytes: what the store takes for canonical is JSON, and what the catalog reads it writes back byte for byte.

use snapback::catalog::canon;
use snapback::store::check_canonical;

/// One input.
pub(crate) fn run(data: &[u8]) {
    if check_canonical(data).is_ok() {
        serde_json::from_slice::<&serde_json::value::RawValue>(data)
            .expect("canonical, and no JSON");
    }
    let Ok(objects) = canon::decode(data) else {
        return;
    };
    check_canonical(data).expect("the catalog reads what is not canonical");
    let (root, parts) = objects.split_first().expect("a root object");
    let written = canon::encode(root, parts).expect("what was read can be written");
    assert_eq!(written, data);
}
