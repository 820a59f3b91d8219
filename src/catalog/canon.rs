//! Canonical bytes: a root object with its parts as one JSON text, and back. See docs/FORMAT.md.
//!
//! Ids are taken apart in the text, so that reading it needs no parser of ids. Dependencies are in `edges`; hashing and
//! files are the store's.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::kind::{Body, Tag};
use super::{Id, Meta, Object, Str};
use crate::catalog::record::is_neutral;

/// Why canonical bytes could not be read.
#[derive(Debug, thiserror::Error)]
pub enum CanonError {
    /// Not the JSON that is expected.
    #[error("not canonical: {0}")]
    Json(#[from] serde_json::Error),
    /// A kind that this version does not know: written by a newer one.
    #[error("kind {0:?} is not known; a newer version of Snapback wrote this")]
    Kind(String),
    /// The same thing written in other bytes.
    #[error("not canonical: {0} would be written differently")]
    Bytes(String),
    /// A dependency in a form that is not known, or of or on something that is not there.
    #[error("not a dependency: {0:?}")]
    Edge(String),
}

#[derive(Serialize)]
struct RootOut<'a> {
    kind: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    schema: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    args: &'a str,
    body: &'a Body,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<&'a Meta>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<PartOut<'a>>,
}

#[derive(Serialize)]
struct PartOut<'a> {
    kind: &'static str,
    name: &'a str,
    body: &'a Body,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<&'a Meta>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RootIn<'a> {
    kind: String,
    #[serde(default)]
    schema: String,
    name: String,
    #[serde(default)]
    args: String,
    #[serde(borrow)]
    body: &'a RawValue,
    #[serde(default)]
    meta: Meta,
    #[serde(default, borrow)]
    parts: Vec<PartIn<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartIn<'a> {
    kind: String,
    name: String,
    #[serde(borrow)]
    body: &'a RawValue,
    #[serde(default)]
    meta: Meta,
}

/// The canonical bytes of a root object and its parts, in the order of their ids.
pub fn encode(root: &Object, parts: &[Object]) -> Result<Vec<u8>, CanonError> {
    let parts = parts.iter().map(|part| PartOut {
        kind: part.id.kind.label(),
        name: &part.id.name,
        body: &part.body,
        meta: unless_neutral(&part.meta),
    });
    let out = RootOut {
        kind: root.id.kind.label(),
        schema: &root.id.schema,
        name: &root.id.name,
        args: &root.id.args,
        body: &root.body,
        meta: unless_neutral(&root.meta),
        parts: parts.collect(),
    };
    // A table has some two thousand bytes; what is too much is given back before anything else is allocated.
    let mut bytes = Vec::with_capacity(4096);
    serde_json::to_writer(&mut bytes, &out)?;
    bytes.shrink_to_fit();
    Ok(bytes)
}

fn unless_neutral(meta: &Meta) -> Option<&Meta> {
    (!is_neutral(meta)).then_some(meta)
}

/// A root object followed by its parts, from their canonical bytes; anything but canonical bytes is refused.
pub fn decode(bytes: &[u8]) -> Result<Vec<Object>, CanonError> {
    let input: RootIn<'_> = serde_json::from_slice(bytes)?;
    let kind = tag(&input.kind)?;
    let schema: Str = input.schema.into();
    let root = Id {
        kind,
        schema: schema.clone(),
        on: Str::default(),
        name: input.name.into(),
        args: input.args.into(),
    };
    let mut objects = Vec::with_capacity(1 + input.parts.len());
    let (on, args) = (root.name.clone(), root.args.clone());
    objects.push(Object {
        body: kind.decode(input.body.get())?,
        id: root,
        meta: input.meta,
    });
    for part in input.parts {
        let kind = tag(&part.kind)?;
        let id = Id {
            args: args.clone(),
            ..Id::part(kind, schema.clone(), on.clone(), part.name)
        };
        objects.push(Object {
            id,
            body: kind.decode(part.body.get())?,
            meta: part.meta,
        });
    }
    refuse_other_bytes(&objects, bytes)?;
    Ok(objects)
}

fn refuse_other_bytes(objects: &[Object], bytes: &[u8]) -> Result<(), CanonError> {
    let Some((root, parts)) = objects.split_first() else {
        return Ok(());
    };
    let in_order = objects.is_sorted_by(|a, b| a.id < b.id);
    if in_order && encode(root, parts)? == bytes {
        return Ok(());
    }
    Err(CanonError::Bytes(root.id.to_string()))
}

fn tag(label: &str) -> Result<Tag, CanonError> {
    Tag::from_label(label).ok_or_else(|| CanonError::Kind(label.to_owned()))
}

/// The text of an id, which is rarely longer than the room that is made for it at once.
pub fn id_text(id: &Id) -> String {
    let mut text = String::with_capacity(64);
    // A string takes everything.
    let _ = write!(text, "{id}");
    text
}
