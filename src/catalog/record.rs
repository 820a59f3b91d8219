//! Canonical records: how the fields of the model become JSON, the same bytes for the same schema.
//!
//! Fields stand in declared order, nothing is padded, and a field that has its neutral value
//! (`Default`) is left out, so that a field added later does not change old hashes. Unknown fields are
//! refused. See docs/FORMAT.md. This file knows no kind.

use std::collections::BTreeMap;

use super::Str;

/// Declares a struct of the model that is stored as one canonical JSON object.
///
/// Each field must be `Default` and [`Neutral`]; that default is its neutral value.
#[macro_export]
#[doc(hidden)]
macro_rules! record {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$field_meta:meta])* pub $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $(
                $(#[$field_meta])*
                #[serde(default, skip_serializing_if = "crate::catalog::record::is_neutral")]
                pub $field: $type,
            )*
        }

        impl $crate::catalog::record::Neutral for $name {
            fn is_neutral(&self) -> bool {
                true $(&& $crate::catalog::record::is_neutral(&self.$field))*
            }
        }
    };
}

/// A value of which one, its `Default`, may be left out of the canonical bytes. Millions are looked at for a large schema: none
/// is made only to be compared with.
pub trait Neutral: Default + PartialEq {
    /// Whether it is the default.
    fn is_neutral(&self) -> bool {
        *self == Self::default()
    }
}

/// Whether a field may be left out of the canonical bytes.
pub fn is_neutral<T: Neutral>(value: &T) -> bool {
    value.is_neutral()
}

impl Neutral for bool {}
impl Neutral for i64 {}
impl Neutral for u32 {}

impl<T: PartialEq> Neutral for Option<T> {
    fn is_neutral(&self) -> bool {
        self.is_none()
    }
}

/// What is neutral when there is nothing in it.
macro_rules! neutral_when_empty {
    ($(impl<$($item:ident),*> $type:ty;)*) => {
        $(impl<$($item: PartialEq),*> Neutral for $type {
            fn is_neutral(&self) -> bool {
                self.is_empty()
            }
        })*
    };
}

neutral_when_empty! {
    impl<> String;
    impl<> Str;
    impl<T> Vec<T>;
    impl<T> Box<[T]>;
    impl<K, V> BTreeMap<K, V>;
}
