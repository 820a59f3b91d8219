//! A catalog whose roles have other names: `restore --map-role`. Pure.
//!
//! What two roles owned or were granted is one role's when both get one name.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::meta::acl;
use super::{Catalog, Id, Object};

/// Other names of roles; roles that are not in it keep theirs.
pub type RoleNames = BTreeMap<String, String>;

/// Gives a role its other name.
pub(in crate::catalog) fn rename(role: &mut String, names: &RoleNames) {
    if let Some(name) = names.get(role) {
        name.clone_into(role);
    }
}

impl Catalog {
    /// The same schema with other roles. An error is an object that there would be twice: what the server keeps for each
    /// role apart.
    pub fn with_roles(&self, names: &RoleNames) -> Result<Self, Id> {
        let mut ids: FxHashMap<&Id, Id> = FxHashMap::default();
        let mut taken: FxHashSet<Id> = FxHashSet::default();
        let mut objects = Vec::with_capacity(self.objects().len());
        for object in self.objects() {
            let Some(renamed) = object.with_roles(names, self.version()) else {
                continue;
            };
            if !taken.insert(renamed.id.clone()) {
                return Err(renamed.id);
            }
            if renamed.id != object.id {
                ids.insert(&object.id, renamed.id.clone());
            }
            objects.push(renamed);
        }
        let renamed = |id: &Id| ids.get(id).unwrap_or(id).clone();
        let edges = self
            .all_edges()
            .map(|(from, edge)| (renamed(from), renamed(edge.to), edge.strength));
        let layout = self.layout().clone();
        Ok(Self::new(self.version(), objects, edges, layout))
    }
}

impl Object {
    /// `None` when it says no more by then than is so without it.
    pub fn with_roles(&self, names: &RoleNames, version: u32) -> Option<Self> {
        let mut object = self.clone();
        let meta = &mut *object.meta;
        rename(&mut meta.owner, names);
        if let Some(list) = &mut meta.acl {
            acl::rename_roles(list, names);
            let letter = object.id.kind.acl().map(|(letter, _)| letter);
            if letter.is_some_and(|letter| *list == acl::default(letter, &meta.owner, version)) {
                meta.acl = None;
            }
        }
        let remains = object.body.rename_roles(&mut object.id, names, version);
        remains.then_some(object)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::catalog::Tag;
    use crate::catalog::default_acl::DefaultAcl;
    use crate::catalog::kind::Body;
    use crate::catalog::meta::acl::Grant;
    use crate::catalog::meta::{Meta, MetaFields};
    use crate::catalog::schema::Schema;

    fn grant(grantee: &str, privileges: &str, grantor: &str) -> Grant {
        Grant {
            grantee: grantee.to_owned(),
            grantor: grantor.to_owned(),
            privileges: privileges.to_owned(),
        }
    }

    fn schema(acl: Vec<Grant>) -> Catalog {
        let object = Object {
            id: Id::global(Tag::Schema, "app"),
            body: Body::from(Schema {}),
            meta: Meta::from(MetaFields {
                owner: "alice".to_owned(),
                acl: Some(acl),
                ..MetaFields::default()
            }),
        };
        Catalog::new(150_000, vec![object], [], BTreeMap::new())
    }

    fn names(pairs: &[(&str, &str)]) -> RoleNames {
        let pairs = pairs.iter();
        pairs
            .map(|(old, new)| ((*old).to_owned(), (*new).to_owned()))
            .collect()
    }

    #[test]
    fn grants_of_two_roles_become_those_of_one() {
        let catalog = schema(vec![
            grant("", "U", "alice"),
            grant("alice", "CU", "alice"),
            grant("bob", "CU*", "alice"),
            grant("eve", "U", "alice"),
        ]);
        let renamed = catalog.with_roles(&names(&[("bob", "eve")])).unwrap();
        let meta = &renamed.objects()[0].meta;
        let expected = [
            grant("", "U", "alice"),
            grant("alice", "CU", "alice"),
            grant("eve", "CU*", "alice"),
        ];
        assert_eq!(meta.acl.as_deref(), Some(&expected[..]));
        // All that is left is what an owner has.
        let catalog = schema(vec![
            grant("alice", "CU", "alice"),
            grant("bob", "U", "alice"),
        ]);
        let renamed = catalog
            .with_roles(&names(&[("bob", "x"), ("alice", "x")]))
            .unwrap();
        let meta = &renamed.objects()[0].meta;
        assert_eq!((meta.owner.as_str(), &meta.acl), ("x", &None));
    }

    #[test]
    fn names_are_given_at_once() {
        let catalog = schema(vec![grant("bob", "U*", "alice")]);
        let renamed = catalog
            .with_roles(&names(&[("alice", "bob"), ("bob", "alice")]))
            .unwrap();
        let meta = &renamed.objects()[0].meta;
        assert_eq!(meta.owner, "bob");
        assert_eq!(
            meta.acl.as_deref(),
            Some(&[grant("alice", "U*", "bob")][..])
        );
    }

    #[test]
    fn what_each_role_has_once_is_not_lost() {
        let entry = |role: &str| Object {
            id: Id::global(Tag::DefaultAcl, format!("for role {role} on tables")),
            body: Body::from(DefaultAcl {
                role: role.to_owned(),
                objects: "TABLES".to_owned(),
                ..DefaultAcl::default()
            }),
            meta: Meta::default(),
        };
        let catalog = Catalog::new(150_000, vec![entry("a"), entry("b")], [], BTreeMap::new());
        let twice = catalog.with_roles(&names(&[("a", "b")])).unwrap_err();
        assert_eq!(twice.to_string(), "default acl for role b on tables");
        let other = catalog.with_roles(&names(&[("a", "C")])).unwrap();
        assert!(other.has(&Id::global(Tag::DefaultAcl, "for role \"C\" on tables")));
    }
}
