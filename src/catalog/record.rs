//! Canonical records: how the fields of the model become JSON, the same bytes for the same schema.
//!
//! Fields stand in declared order, nothing is padded, and a field that has its neutral value
//! (`Default`) is left out, so that a field added later does not change old hashes. Unknown fields are
//! refused. See docs/FORMAT.md. This file knows no kind.

/// Declares a struct of the model that is stored as one canonical JSON object.
///
/// Each field must be `Default`; that default is its neutral value.
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
    };
}

/// Whether a field may be left out of the canonical bytes.
pub fn is_neutral<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
