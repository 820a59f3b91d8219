//! Guesses that an object is another one under a new name: same kind, same properties, same parts, and no
//! third object of which that is true. Names are not in the payload, so equal payloads are comparable.
//! Ownership, ACL and comments do not count. Nothing acts upon a guess without being told.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Change, Delta};
use crate::catalog::id::as_text;
use crate::catalog::{Catalog, Id, Object, Tag};

/// Two names that may belong to one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rename {
    /// Its id on the old side.
    #[serde(serialize_with = "as_text")]
    pub from: Id,
    /// Its id on the new side.
    #[serde(serialize_with = "as_text")]
    pub to: Id,
}

/// What must be equal: the kind, what does not change with the name, and the payload of it and its parts.
type Payload = (Tag, String, String);

/// The objects of each payload on the old and on the new side.
type Sides<'a> = BTreeMap<Payload, (Vec<&'a Id>, Vec<&'a Id>)>;

/// The pairs among what was removed and added whose kind knows how to rename.
pub(super) fn candidates(old: &Catalog, new: &Catalog, deltas: &[Delta]) -> Vec<Rename> {
    let mut sides = Sides::new();
    let any = |change: &Change| deltas.iter().any(|delta| delta.change == *change);
    if !any(&Change::Removed) || !any(&Change::Added) {
        return Vec::new();
    }
    for delta in deltas {
        match &delta.change {
            Change::Removed => {
                if let Some(payload) = payload(old, &delta.id, new) {
                    sides.entry(payload).or_default().0.push(&delta.id);
                }
            }
            Change::Added => {
                if let Some(payload) = payload(new, &delta.id, old) {
                    sides.entry(payload).or_default().1.push(&delta.id);
                }
            }
            Change::Changed(_) => {}
        }
    }
    let mut renames: Vec<Rename> = sides
        .into_values()
        .filter_map(|(removed, added)| match (&*removed, &*added) {
            ([from], [to]) => from.kind.rename(from, to).map(|_| Rename {
                from: (*from).clone(),
                to: (*to).clone(),
            }),
            _ => None,
        })
        .collect();
    renames.sort_by(|a, b| a.from.cmp(&b.from));
    renames
}

/// `None` for a part that comes or goes with its root: the root is the candidate.
fn payload(catalog: &Catalog, id: &Id, other: &Catalog) -> Option<Payload> {
    let object = catalog.get(id)?;
    if id.is_part() {
        let root = other.objects().binary_search_by(|candidate| {
            if candidate.id.same_root(id) {
                std::cmp::Ordering::Equal
            } else {
                candidate.id.cmp(id)
            }
        });
        root.ok()?;
        return Some((id.kind, format!("{}.{}", id.schema, id.on), json(object)));
    }
    let mut text = json(object);
    for part in catalog.parts(id) {
        text.push_str(part.id.kind.label());
        text.push_str(&part.id.name);
        text.push_str(&json(part));
    }
    Some((id.kind, id.args.to_string(), text))
}

fn json(object: &Object) -> String {
    serde_json::to_string(&object.body).unwrap_or_default()
}
