//! What differs between two catalogs, object by object. Pure; knows no kind: *whether* something changed is
//! decided by its canonical fields, *how* to change it is the kind's affair and `plan`'s.

pub mod mask;
mod rename;
#[cfg(test)]
mod tests;
mod text;

use std::cmp::Ordering;
use std::collections::BTreeMap;

use rustc_hash::FxHashSet;
use serde::Serialize;

use crate::catalog::id::as_text;
use crate::catalog::{Catalog, Id, Object, Str, Tag};

pub use mask::Mask;
pub use rename::Rename;
pub use text::unified;

/// How two catalogs differ. Everything is sorted; equal catalogs give an empty one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// The objects that differ, sorted by id.
    pub deltas: Vec<Delta>,
    /// Tables on both sides whose columns stand in an order that `ALTER TABLE` cannot bring about.
    pub layout: Vec<Layout>,
    /// Objects that may be one object under two names. A guess, for people: nothing acts upon it.
    pub renames: Vec<Rename>,
}

/// One object that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Delta {
    /// Which object.
    #[serde(serialize_with = "as_text")]
    pub id: Id,
    /// In what way.
    #[serde(flatten)]
    pub change: Change,
}

/// In what way an object differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "lowercase")]
pub enum Change {
    /// Only the new side has it.
    Added,
    /// Only the old side has it.
    Removed,
    /// Both have it, with other properties.
    Changed(Aspects),
}

impl Change {
    /// The canonical fields that differ, of what both sides have.
    pub fn fields(&self) -> &[String] {
        match self {
            Self::Changed(aspects) => &aspects.fields,
            Self::Added | Self::Removed => &[],
        }
    }
}

/// Which properties of an object differ; at least one does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Aspects {
    /// The canonical fields of its kind that differ, sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// Its owner differs.
    pub owner: bool,
    /// Its ACL differs.
    pub acl: bool,
    /// Its comment differs.
    pub comment: bool,
    /// Its security labels differ.
    pub labels: bool,
    /// The extensions that it goes with differ.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub extensions: bool,
}

impl Aspects {
    /// Whether a property of its kind differs.
    pub fn body(&self) -> bool {
        !self.fields.is_empty()
    }

    fn between(old: &Object, new: &Object) -> Option<Self> {
        if old == new {
            return None;
        }
        Some(Self {
            fields: fields(old, new),
            owner: old.meta.owner != new.meta.owner,
            acl: old.meta.acl != new.meta.acl,
            comment: old.meta.comment != new.meta.comment,
            labels: old.meta.labels != new.meta.labels,
            extensions: old.meta.extensions != new.meta.extensions,
        })
    }
}

/// A table whose columns are on both sides in another order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Layout {
    /// The table.
    #[serde(serialize_with = "as_text")]
    pub id: Id,
    /// Its columns in the old order.
    pub old: Vec<Str>,
    /// Its columns in the new order.
    pub new: Vec<Str>,
}

/// How many objects of a kind were added, removed and changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// On the new side only.
    pub added: usize,
    /// On the old side only.
    pub removed: usize,
    /// On both, with other properties.
    pub changed: usize,
}

/// Compares two catalogs, in time linear in their size.
pub fn compare(old: &Catalog, new: &Catalog) -> Diff {
    let deltas = deltas(old, new);
    Diff {
        renames: rename::candidates(old, new, &deltas),
        layout: layouts(old, new),
        deltas,
    }
}

impl Diff {
    /// Whether the catalogs have the same root: layout does not count.
    pub fn is_empty(&self) -> bool {
        self.deltas.is_empty()
    }

    /// Leaves out objects that differ in nothing but the server's own words for something, as two versions of it
    /// may; which those were.
    pub fn forgive_texts(&mut self, old: &Catalog, new: &Catalog) -> Vec<Id> {
        let is_reworded = |delta: &mut Delta| {
            let (Some(old), Some(new)) = (old.get(&delta.id), new.get(&delta.id)) else {
                return false;
            };
            old.meta == new.meta && without_texts(old) == without_texts(new)
        };
        let reworded = self.deltas.extract_if(.., is_reworded);
        reworded.map(|delta| delta.id).collect()
    }

    /// The difference of one object.
    pub fn get(&self, id: &Id) -> Option<&Change> {
        let place = self
            .deltas
            .binary_search_by(|delta| delta.id.cmp(id))
            .ok()?;
        self.deltas.get(place).map(|delta| &delta.change)
    }

    /// How many objects of each kind differ, in the order of the kinds.
    pub fn counts(&self) -> Vec<(Tag, Count)> {
        let mut counts: BTreeMap<Tag, Count> = BTreeMap::new();
        for delta in &self.deltas {
            let count = counts.entry(delta.id.kind).or_default();
            match delta.change {
                Change::Added => count.added += 1,
                Change::Removed => count.removed += 1,
                Change::Changed(_) => count.changed += 1,
            }
        }
        counts.into_iter().collect()
    }
}

/// Walks both sides, sorted as they are, once.
fn deltas(old: &Catalog, new: &Catalog) -> Vec<Delta> {
    let mut deltas = Vec::new();
    let mut push = |object: &Object, change| {
        let id = object.id.clone();
        deltas.push(Delta { id, change });
    };
    let mut olds = old.objects().iter().peekable();
    let mut news = new.objects().iter().peekable();
    loop {
        let order = match (olds.peek(), news.peek()) {
            (None, None) => return deltas,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(old), Some(new)) => old.id.cmp(&new.id),
        };
        let old = olds.next_if(|_| order.is_le());
        let new = news.next_if(|_| order.is_ge());
        match (old, new) {
            (Some(old), Some(new)) => {
                if let Some(aspects) = Aspects::between(old, new) {
                    push(new, Change::Changed(aspects));
                }
            }
            (Some(old), None) => push(old, Change::Removed),
            (None, Some(new)) => push(new, Change::Added),
            (None, None) => return deltas,
        }
    }
}

/// The names of the canonical fields in which two bodies differ.
fn fields(old: &Object, new: &Object) -> Vec<String> {
    if old.body == new.body {
        return Vec::new();
    }
    let object = |object: &Object| match serde_json::to_value(&object.body) {
        Ok(serde_json::Value::Object(fields)) => fields,
        Ok(_) | Err(_) => serde_json::Map::new(),
    };
    let (old, new) = (object(old), object(new));
    let mut names: Vec<String> = old
        .keys()
        .chain(new.keys())
        .filter(|name| old.get(*name) != new.get(*name))
        .cloned()
        .collect();
    names.sort();
    names.dedup();
    if names.is_empty() {
        // Bodies that differ in nothing that is stored: still a difference, and a bug in the kind.
        names.push(String::from("(no stored field)"));
    }
    names
}

/// The canonical fields, with each text in the server's words as one and the same.
fn without_texts(object: &Object) -> serde_json::Value {
    fn blank(value: &mut serde_json::Value, texts: &[&str]) {
        match value {
            serde_json::Value::Object(fields) => {
                for (name, field) in fields {
                    if texts.contains(&name.as_str()) && !field.is_object() {
                        *field = serde_json::Value::Bool(true);
                    } else {
                        blank(field, texts);
                    }
                }
            }
            serde_json::Value::Array(items) => {
                for item in items {
                    blank(item, texts);
                }
            }
            _ => {}
        }
    }
    let mut value = serde_json::to_value(&object.body).unwrap_or_default();
    blank(&mut value, object.id.kind.texts());
    value
}

/// Columns that stay keep their order and new ones are appended: a table differs when that is not the
/// order of the new side.
fn layouts(old: &Catalog, new: &Catalog) -> Vec<Layout> {
    let mut layouts = Vec::new();
    for (id, columns) in new.layout() {
        let before = old.columns(id);
        if before.is_empty() || before == columns.as_slice() {
            continue;
        }
        let had: FxHashSet<&Str> = before.iter().collect();
        let has: FxHashSet<&Str> = columns.iter().collect();
        let kept = before.iter().filter(|column| has.contains(column));
        let added = columns.iter().filter(|column| !had.contains(column));
        if !kept.chain(added).eq(columns) {
            layouts.push(Layout {
                id: id.clone(),
                old: before.to_vec(),
                new: columns.clone(),
            });
        }
    }
    layouts
}
