//! What the server gives to an object that a plan makes: its owner is the role that runs the plan, and its
//! ACL is the default one, unless that role has default privileges (manual: ALTER DEFAULT PRIVILEGES).

use std::collections::BTreeMap;

use crate::catalog::Object;
use crate::catalog::meta::acl::{self, Grant};
use crate::catalog::meta::{Meta, MetaFields};

/// A row of `pg_default_acl`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultPrivileges {
    /// The role whose new objects it is about.
    pub role: String,
    /// The schema that it is limited to; `None` for all.
    pub schema: Option<String>,
    /// `defaclobjtype`: `r` relations, `S` sequences, `f` routines, `T` types, `n` schemas.
    pub kind: char,
    /// `defaclacl`. Without a schema it stands in place of the built-in default, with one it is added.
    pub grants: Vec<Grant>,
}

/// What a new object has before its own meta is set.
pub(super) struct Given<'a> {
    pub(super) role: &'a str,
    pub(super) defaults: &'a [DefaultPrivileges],
    pub(super) version: u32,
}

impl Given<'_> {
    /// What this object has right after it was made.
    pub(super) fn to(&self, object: &Object) -> Meta {
        if object.meta.owner.is_empty() {
            return Meta::default();
        }
        Meta::from(MetaFields {
            owner: self.role.to_owned(),
            acl: self.acl(object),
            comment: None,
            labels: Vec::new(),
            extensions: Vec::new(),
        })
    }

    fn acl(&self, object: &Object) -> Option<Vec<Grant>> {
        let (letter, _) = object.id.kind.acl()?;
        // acldefault() calls sequences `s` and servers `S`; pg_default_acl knows the first only, as `S`.
        let kind = match letter {
            's' => 'S',
            'r' | 'f' | 'T' | 'n' => letter,
            _ => return None,
        };
        let mut mine = self
            .defaults
            .iter()
            .filter(|entry| entry.role == self.role && entry.kind == kind)
            .filter(|entry| {
                let schema = entry.schema.as_deref();
                schema.is_none_or(|schema| schema == &*object.id.schema)
            })
            .peekable();
        mine.peek()?;
        let (added, instead): (Vec<_>, Vec<_>) = mine.partition(|entry| entry.schema.is_some());
        let base = instead.first().map_or_else(
            || acl::default(letter, self.role, self.version),
            |entry| entry.grants.clone(),
        );
        let added = added
            .into_iter()
            .flat_map(|entry| entry.grants.iter().cloned());
        Some(merge(base.into_iter().chain(added)))
    }
}

/// One entry per grantee and grantor (`aclmerge()` of `acl.c`).
fn merge(grants: impl Iterator<Item = Grant>) -> Vec<Grant> {
    let mut merged: BTreeMap<(String, String), BTreeMap<char, bool>> = BTreeMap::new();
    for grant in grants {
        let privileges = merged.entry((grant.grantee, grant.grantor)).or_default();
        let mut letters = grant.privileges.chars().peekable();
        while let Some(letter) = letters.next() {
            let option = letters.next_if_eq(&'*').is_some();
            *privileges.entry(letter).or_default() |= option;
        }
    }
    let entries = merged
        .into_iter()
        .map(|((grantee, grantor), letters)| Grant {
            grantee,
            grantor,
            privileges: letters
                .into_iter()
                .flat_map(|(letter, option)| [Some(letter), option.then_some('*')])
                .flatten()
                .collect(),
        });
    entries.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::kind::Body;
    use crate::catalog::{Id, Tag, schema};

    fn grant(grantee: &str, privileges: &str) -> Grant {
        Grant {
            grantee: grantee.into(),
            grantor: "me".into(),
            privileges: privileges.into(),
        }
    }

    fn schema_owned_by(owner: &str) -> Object {
        Object {
            id: Id::global(Tag::Schema, "app"),
            body: Body::from(schema::Schema {}),
            meta: Meta::from(MetaFields {
                owner: owner.into(),
                ..MetaFields::default()
            }),
        }
    }

    #[test]
    fn default_privileges_of_the_role_are_what_a_new_object_has() {
        let entry = |role: &str, kind| DefaultPrivileges {
            role: role.into(),
            schema: None,
            kind,
            grants: vec![grant("app", "U"), grant("app", "CU*"), grant("me", "CU")],
        };
        let given = |defaults: &[DefaultPrivileges]| {
            let role = "me";
            let version = 150_000;
            let given = Given {
                role,
                defaults,
                version,
            };
            given.to(&schema_owned_by("other")).acl.clone()
        };
        assert_eq!(given(&[entry("me", 'r'), entry("you", 'n')]), None);
        let merged = vec![grant("app", "CU*"), grant("me", "CU")];
        assert_eq!(given(&[entry("me", 'n')]), Some(merged));
    }
}
