//! Views and materialized views (`pg_class`, relkinds `v` and `m`). Their query is the server's own text
//! (`pg_get_viewdef()` without pretty-printing, as `pg_dump` takes it).

pub mod column;
pub mod materialized;
// The kind is called what the manual calls it.
#[allow(clippy::module_inception)]
pub mod view;

use super::Catalog;
use super::id::Id;
use super::quote::ident;
use super::settle::settle;
use super::step::{Lock, Step};

/// The query of a view without what stands around it: the server's text begins with a blank and ends with a
/// semicolon.
fn query_of(definition: &str) -> String {
    settle(definition.trim().trim_end_matches(';'))
}

/// The owner that it has in the catalog that is being made; column grants need it.
fn owner<'a>(id: &Id, scene: &'a Catalog) -> &'a str {
    scene.get(id).map_or("", |object| &object.meta.owner)
}

fn rename(from: &Id, to: &Id) -> Option<Step> {
    (from.kind == to.kind && from.schema == to.schema).then(|| {
        let sql = format!("ALTER {} RENAME TO {}", from.address(), ident(&to.name));
        Step {
            frees: vec![from.clone()],
            makes: vec![to.clone()],
            ..Step::alter(from, sql).lock(Lock::AccessExclusive)
        }
    })
}
