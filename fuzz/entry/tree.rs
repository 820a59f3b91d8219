//! Nodes of trees, of every class.

use snapback::store::{Class, check_canonical, check_node};

/// One input.
pub(crate) fn run(data: &[u8]) {
    for class in [Class::Tree, Class::Layout, Class::Edges] {
        if check_node(class, data).is_ok() {
            check_canonical(data).expect("a node that is not canonical");
        }
    }
}
