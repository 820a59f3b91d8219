//! Tables whose row type is that of columns elsewhere: the server gives their rows no new values
//! (`find_composite_type_dependencies()` of `commands/tablecmds.c`), so a plan that needs that is refused.

use rustc_hash::FxHashSet;

use super::refuse::Refusal;
use super::world::World;
use crate::catalog::id::Family;
use crate::catalog::{Body, Catalog, Id, Step, Tag};

/// What these steps cannot alter, each with the column that has the row type.
pub(super) fn refused<'a>(
    from: &World<'_>,
    to: &Catalog,
    steps: impl Iterator<Item = &'a Step> + Clone,
) -> Vec<Refusal> {
    let mut refused: Vec<Refusal> = Vec::new();
    let freed: FxHashSet<&Id> = steps.clone().flat_map(|step| &step.frees).collect();
    for step in steps.filter(|step| step.rewrites || step.revalues) {
        let table = from.catalog.root_of(&step.subject);
        let table = table.filter(|root| matches!(root.body, Body::Table(_)));
        let Some(table) = table.filter(|root| !freed.contains(&root.id)) else {
            continue;
        };
        let columns = columns_with(&table.id, from);
        let stays = |column: &&&Id| !freed.contains(**column) && to.has(column);
        refused.extend(columns.iter().find(stays).map(|&column| Refusal::InTheWay {
            id: step.subject.clone(),
            user: column.clone(),
        }));
    }
    refused
}

/// The columns of tables that have a type, or one that contains it.
fn columns_with<'a>(id: &'a Id, world: &World<'a>) -> Vec<&'a Id> {
    let mut columns = Vec::new();
    let mut types = vec![id];
    let mut next = 0;
    while let Some(&used) = types.get(next) {
        next += 1;
        for &(user, _) in world.users(used) {
            let root = world.catalog.root_of(user).map(|root| &root.body);
            let holds_rows = matches!(root, Some(Body::Table(_)));
            if user.kind == Tag::Column && holds_rows {
                columns.push(user);
            } else if user.kind.family() == Family::Type && !types.contains(&user) {
                types.push(user);
            }
        }
    }
    columns
}
