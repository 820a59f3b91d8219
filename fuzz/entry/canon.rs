//! Canonical bytes: what the store takes for canonical is JSON, and what the catalog reads it writes back byte for byte.

use snapback::catalog::{Catalog, canon};
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
    let root = objects.first().expect("a root object").clone();
    let catalog = Catalog::new(150_000, objects, [], std::collections::BTreeMap::new());
    let written = canon::encode(&catalog, &root).expect("what was read can be written");
    assert_eq!(written, data);
}
