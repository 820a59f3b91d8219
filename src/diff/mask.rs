//! What a comparison may leave out: owners, privileges, comments (`--no-owner`, `--no-privileges`,
//! `--no-comments`). A masked catalog has a masked root, and says so; pure.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::catalog::meta::acl::Grant;
use crate::catalog::meta::{Meta, MetaFields};
use crate::catalog::{Catalog, Object};

/// Stands for the owner in the ACLs of a catalog without owners. No role can have this name: those that
/// begin with `pg_` are the server's (`IsReservedName()`).
const OWNER: &str = "pg_snapback_owner";

/// What is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mask {
    /// Who owns what.
    pub owner: bool,
    /// Who may do what.
    pub privileges: bool,
    /// Comments.
    pub comments: bool,
}

impl Mask {
    /// What the root is called that is left.
    pub fn root_name(self) -> &'static str {
        match (self.owner, self.privileges, self.comments) {
            (false, false, false) => "root",
            (true, false, false) => "root without owners",
            (false, true, false) => "root without privileges",
            (false, false, true) => "root without comments",
            (true, true, false) => "root without owners and privileges",
            (true, false, true) => "root without owners and comments",
            (false, true, true) => "root without privileges and comments",
            (true, true, true) => "root without owners, privileges and comments",
        }
    }

    /// Whether it leaves nothing out.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// The catalog without what is left out, for comparing and hashing.
    pub fn hide(self, catalog: &Catalog) -> Cow<'_, Catalog> {
        if self.is_empty() {
            return Cow::Borrowed(catalog);
        }
        Cow::Owned(self.map(catalog, None, |object| {
            let mut meta = object.meta.clone();
            if self.owner && !meta.owner.is_empty() {
                let owner = std::mem::take(&mut meta.owner);
                rename(&mut meta, &owner, OWNER);
            }
            if self.privileges && meta.acl.is_some() {
                meta.acl = None;
            }
            if self.comments && meta.comment.is_some() {
                meta.comment = None;
            }
            meta
        }))
    }

    /// The target as a plan may aim at it: what is left out is what `live` has, and for an object that it
    /// has not, what the server will give to `role`.
    pub fn adopt(self, target: &Arc<Catalog>, live: &Catalog, role: &str) -> Arc<Catalog> {
        if self.is_empty() {
            return Arc::clone(target);
        }
        Arc::new(self.map(target, Some(live), |object| {
            let mut meta = object.meta.clone();
            let kept = live.get(&object.id).map(|object| &object.meta);
            if self.owner && !meta.owner.is_empty() {
                let owner = kept.map_or(role, |kept| kept.owner.as_str()).to_owned();
                let old = std::mem::replace(&mut meta.owner, owner.clone());
                rename(&mut meta, &old, &owner);
            }
            if self.privileges {
                meta.acl = kept.and_then(|kept| kept.acl.clone());
            }
            if self.comments {
                meta.comment = kept.and_then(|kept| kept.comment.clone());
            }
            meta
        }))
    }

    /// Objects that are nothing but privileges are those of `live`, or none.
    fn map(
        self,
        catalog: &Catalog,
        live: Option<&Catalog>,
        meta: impl Fn(&Object) -> Meta,
    ) -> Catalog {
        let left_out = |object: &&Object| self.privileges && object.id.kind.is_privileges();
        let objects = catalog.objects().iter();
        let objects = objects
            .filter(|object| !left_out(object))
            .map(|object| Object {
                id: object.id.clone(),
                body: object.body.clone(),
                meta: meta(object),
            });
        let kept = live.into_iter().flat_map(Catalog::objects);
        let objects = objects.chain(kept.filter(left_out).cloned());
        let edges = catalog
            .all_edges()
            .map(|(from, edge)| (from.clone(), edge.to.clone(), edge.strength));
        Catalog::new(
            catalog.version(),
            objects.collect(),
            edges,
            catalog.layout().clone(),
        )
    }
}

fn rename(meta: &mut MetaFields, old: &str, new: &str) {
    let Some(grants) = &mut meta.acl else {
        return;
    };
    for Grant {
        grantee, grantor, ..
    } in grants.iter_mut()
    {
        for name in [grantee, grantor] {
            if name == old {
                new.clone_into(name);
            }
        }
    }
    grants.sort();
}
