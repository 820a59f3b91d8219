//! User-defined types (`pg_type`; manual: CREATE TYPE, CREATE DOMAIN), a file per kind.
//!
//! `pg_identify_object()` calls all of them `type`; they share one namespace. Row types of relations and array
//! types belong to the relation or the element type.

pub mod base;
pub mod composite;
pub mod domain;
pub mod domain_constraint;
pub mod enum_;
pub mod range;
pub mod shell;

use super::id::Id;
use super::quote::ident;
use super::step::Step;

/// `ALTER TYPE .. RENAME TO ..`, which keeps everything that uses the type.
fn rename(from: &Id, to: &Id) -> Option<Step> {
    (from.kind == to.kind && from.schema == to.schema).then(|| {
        let sql = format!("ALTER {} RENAME TO {}", from.address(), ident(&to.name));
        Step {
            frees: vec![from.clone()],
            makes: vec![to.clone()],
            ..Step::alter(from, sql)
        }
    })
}
