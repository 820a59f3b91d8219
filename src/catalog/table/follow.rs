//! How a column moves to the new form of its type, which goes by the same name.
//!
//! By way of text, which every type has, as long as the text means the same under both forms. That of a composite type
//! is a list without names: when its attributes are others, or stand in another order, values go by name instead.

use super::alter::{alter, in_partition_key};
use super::column::{Column, Origin};
use super::retype;
use crate::catalog::kind::Body;
use crate::catalog::quote::ident;
use crate::catalog::step::{Loss, Step};
use crate::catalog::type_::composite::Composite;
use crate::catalog::{Catalog, Id};

/// The steps that move a column from the old form of `replaced` to the new one; `None` when there is no way that keeps
/// what its values mean. What a child has from its parent moves with the parent's.
pub(super) fn follow(
    column: &Column,
    id: &Id,
    replaced: &Id,
    from: &Catalog,
    to: &Catalog,
) -> Option<Vec<Step>> {
    if column.origin != Origin::Own {
        return Some(Vec::new());
    }
    if column.generated.is_some() || in_partition_key(id, to) {
        return None;
    }
    let (name, data_type) = (ident(&id.name), &column.data_type);
    if column.foreign {
        return Some(vec![alter(id, &format!("TYPE {data_type}")).displacing()]);
    }
    let mut inner = from.closure(replaced);
    inner.remove(replaced);
    if inner.into_iter().any(|id| differs(id, from, to)) {
        return None;
    }
    let move_by = |using: &str| {
        let what = format!("TYPE {data_type} USING {using}");
        alter(id, &what).displacing().rewriting()
    };
    if !differs(replaced, from, to) {
        return Some(vec![move_by(&format!("{name}::text::{data_type}"))]);
    }
    // Inside an array, or under a domain, no expression of ALTER TABLE reaches the attributes.
    let (old, new) = composites(replaced, from, to)?;
    if **data_type != *replaced.sql() {
        return None;
    }
    let step = move_by(&by_name(&name, old, new, data_type));
    let kept = |name: &String| new.attributes.iter().any(|other| other.name == *name);
    let loses = !old.attributes.iter().all(|attribute| kept(&attribute.name));
    Some(vec![if loses {
        step.loses(Loss::Attributes)
    } else {
        step
    }])
}

fn composites<'a>(
    id: &Id,
    from: &'a Catalog,
    to: &'a Catalog,
) -> Option<(&'a Composite, &'a Composite)> {
    match (&from.get(id)?.body, &to.get(id)?.body) {
        (Body::Composite(old), Body::Composite(new)) => Some((old, new)),
        _ => None,
    }
}

/// Whether the text of a value would mean something else under the new form.
fn differs(id: &Id, from: &Catalog, to: &Catalog) -> bool {
    composites(id, from, to).is_some_and(|(old, new)| {
        let old = old.attributes.iter().map(|attribute| &attribute.name);
        !old.eq(new.attributes.iter().map(|attribute| &attribute.name))
    })
}

/// The row of the new form with the attributes that the old one has too. A row of nulls is not the same as NULL, but
/// `IS NULL` is true of both.
fn by_name(column: &str, old: &Composite, new: &Composite, data_type: &str) -> String {
    let values = new.attributes.iter().map(|attribute| {
        let same = old
            .attributes
            .iter()
            .find(|other| other.name == attribute.name);
        let Some(same) = same else {
            return "NULL".to_owned();
        };
        let value = format!("({column}).{}", ident(&attribute.name));
        let (was, is) = (&same.type_name, &attribute.type_name);
        // A type that is not the server's own may be on its way to a new form too.
        if was == is && is.contains('.') {
            return format!("{value}::text::{is}");
        }
        retype::using(&value, was, is).unwrap_or(value)
    });
    let values: Vec<String> = values.collect();
    format!(
        "CASE WHEN {column}::text IS NOT NULL THEN ROW({})::{data_type} END",
        values.join(", ")
    )
}
