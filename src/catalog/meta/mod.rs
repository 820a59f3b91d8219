//! What every kind has: owner, ACL, comment, security labels, the extensions that it goes with. Read, compared and
//! written here once for all kinds.

pub mod acl;
pub mod label;

use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Object;
use super::id::Id;
use super::kind::Tag;
use super::names::Names;
use super::quote::{ident, literal, qualified};
use super::record::Neutral;
use super::row::{Row, RowError};
use super::step::{Lock, Step};
use crate::record;
use acl::Grant;
use label::Label;

record! {
    /// The properties that every object can have, whatever its kind.
    pub struct MetaFields {
        /// The role that owns it; empty for what has no owner of its own.
        pub owner: String,
        /// Its ACL; `None` when it is the default for its kind and owner, as NULL or spelled out.
        pub acl: Option<Vec<Grant>>,
        /// Its comment.
        pub comment: Option<String>,
        /// Its security labels, sorted.
        pub labels: Vec<Label>,
        /// The extensions that it goes with, sorted (manual: ALTER FUNCTION .. DEPENDS ON EXTENSION).
        pub extensions: Vec<String>,
    }
}

/// The [`MetaFields`] of an object. Most parts have none of them, and there are hundreds of thousands of parts: nothing takes
/// no room.
#[derive(Clone, Debug, Default)]
pub struct Meta(Option<Box<MetaFields>>);

static NEUTRAL: MetaFields = MetaFields {
    owner: String::new(),
    acl: None,
    comment: None,
    labels: Vec::new(),
    extensions: Vec::new(),
};

impl From<MetaFields> for Meta {
    fn from(fields: MetaFields) -> Self {
        Self((!fields.is_neutral()).then(|| Box::new(fields)))
    }
}

impl Deref for Meta {
    type Target = MetaFields;

    fn deref(&self) -> &MetaFields {
        self.0.as_deref().unwrap_or(&NEUTRAL)
    }
}

impl DerefMut for Meta {
    fn deref_mut(&mut self) -> &mut MetaFields {
        self.0.get_or_insert_default()
    }
}

impl PartialEq for Meta {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Meta {}

impl Neutral for Meta {
    fn is_neutral(&self) -> bool {
        self.0.as_ref().is_none_or(|fields| fields.is_neutral())
    }
}

impl Serialize for Meta {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Meta {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        MetaFields::deserialize(deserializer).map(Self::from)
    }
}

impl Meta {
    /// Reads the reserved columns `owner` and `acl` of a row about an object. Labels and extensions come later.
    pub fn read(
        row: &Row<'_>,
        id: &Id,
        comment: Option<&str>,
        names: &Names,
    ) -> Result<Self, RowError> {
        let owner = if row.has("owner") {
            names.role(row.number("owner")?)?.to_string()
        } else {
            String::new()
        };
        let acl = match (id.kind.acl(), row.has("acl")) {
            (Some((letter, _)), true) => acl::read(
                &row.list("acl")?,
                row.opt("acl")?.is_none(),
                letter,
                &owner,
                names,
            )?,
            _ => None,
        };
        if owner.is_empty() && acl.is_none() && comment.is_none() {
            return Ok(Self::default());
        }
        Ok(Self::from(MetaFields {
            owner,
            acl,
            comment: comment.map(str::to_owned),
            labels: Vec::new(),
            extensions: Vec::new(),
        }))
    }
}

/// The steps that bring an object to its `meta` from `old`. For a new object, `old` is what the server gives
/// it: the owner that runs the plan (empty: unknown), the default ACL, no comment. Of a part, `owners` are the old
/// and the new owner of its root: grants are theirs.
pub fn change(object: &Object, old: &Meta, owners: (&str, &str), version: u32) -> Vec<Step> {
    let Object { id, body, meta } = object;
    let MetaFields {
        owner,
        acl,
        comment,
        labels,
        extensions,
    } = &**meta;
    let mut steps = Vec::new();
    if *owner != old.owner && !owner.is_empty() && !body.owner_follows() {
        steps.push(give(id, owner));
    }
    let (old_owner, owner) = if owner.is_empty() {
        owners
    } else {
        (old.owner.as_str(), owner.as_str())
    };
    steps.extend(acl::change(
        id,
        (old_owner, old.acl.as_deref()),
        (owner, acl.as_deref()),
        version,
    ));
    if *comment != old.comment {
        steps.push(comment_on(id, &id.address(), comment.as_deref()));
    }
    steps.extend(label::change(id, &old.labels, labels));
    steps.extend(go_with(id, &old.extensions, extensions));
    steps
}

/// The steps that let an object go with other extensions.
fn go_with(id: &Id, old: &[String], new: &[String]) -> Vec<Step> {
    if old == new {
        return Vec::new();
    }
    // A constraint goes by its index.
    let address = match id.kind {
        Tag::Constraint => format!("INDEX {}", qualified(&id.schema, &id.name)),
        _ => id.address(),
    };
    // Of a table that has it as a part nobody waits.
    let lock = if id.is_part() {
        Lock::None
    } else {
        Lock::of_relation(id)
    };
    let step = |no: &str, extension: &str| {
        let extension = ident(extension);
        Step::alter(
            id,
            format!("ALTER {address} {no}DEPENDS ON EXTENSION {extension}"),
        )
        .lock(lock)
    };
    let left = old.iter().filter(|name| !new.contains(name));
    let joined = new.iter().filter(|name| !old.contains(name));
    left.map(|name| step("NO ", name))
        .chain(joined.map(|name| step("", name).needing([Id::global(Tag::Extension, &**name)])))
        .collect()
}

/// The step that gives an object to a role.
pub fn give(id: &Id, owner: &str) -> Step {
    let sql = format!("ALTER {} OWNER TO {}", id.address(), ident(owner));
    Step::alter(id, sql).lock(Lock::of_relation(id))
}

/// `COMMENT ON address IS ..`; `None` removes the comment.
pub fn comment_on(subject: &Id, address: &str, comment: Option<&str>) -> Step {
    let text = comment.map_or_else(|| "NULL".to_owned(), literal);
    Step::alter(subject, format!("COMMENT ON {address} IS {text}"))
}
