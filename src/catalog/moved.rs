//! A catalog that was read from one version of Postgres, as another has it: what the servers do differently for the same
//! schema. What the other does not have at all is listed. Kinds say it of themselves; here is what concerns all.

use std::sync::Arc;

use super::meta::acl::{self, Grant};
use super::{Catalog, Id, Object, Tag};

/// Something that a server does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newer {
    /// What has it.
    pub id: Id,
    /// What it is.
    pub what: &'static str,
    /// The major version that brought it.
    pub since: u32,
}

impl std::fmt::Display for Newer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}: {} ({})", self.id, self.what, self.since)
    }
}

impl Catalog {
    /// The same schema on the server that `present` was read from; or all that this server does not have.
    pub fn moved_to(self: &Arc<Self>, present: &Self) -> Result<Arc<Self>, Vec<Newer>> {
        let (from, to) = (self.version(), present.version());
        if from / 10_000 == to / 10_000 {
            return Ok(Arc::clone(self));
        }
        let mut newer = Vec::new();
        let mut objects = self.objects().to_vec();
        for object in &mut objects {
            object.body.move_to(&object.id, self, to);
            let mut lost = object.body.newer(&object.id, self);
            lost.extend(move_acl(object, from, to));
            newer.extend(
                lost.into_iter()
                    .filter(|(since, _)| *since > to)
                    .map(|(since, what)| Newer {
                        id: object.id.clone(),
                        what,
                        since: since / 10_000,
                    }),
            );
            if to < 150_000
                && is_new_public(object)
                && let Some(public) = present.get(&object.id)
            {
                object.meta.owner.clone_from(&public.meta.owner);
                object.meta.acl.clone_from(&public.meta.acl);
            }
        }
        if !newer.is_empty() {
            return Err(newer);
        }
        let edges = self
            .all_edges()
            .map(|(from, edge)| (from.clone(), edge.to.clone(), edge.strength));
        let layout = self.layout().clone();
        Ok(Arc::new(Self::new(to, objects, edges, layout)))
    }
}

/// The version that brought the privilege MAINTAIN.
pub(super) const MAINTAIN: (u32, &str) = (170_000, "the privilege MAINTAIN");

/// The ACL of an object as the other version has it, and what is lost by that.
fn move_acl(object: &mut Object, from: u32, to: u32) -> Option<(u32, &'static str)> {
    let (letter @ 'r', _) = object.id.kind.acl()? else {
        return None;
    };
    object.meta.acl.as_ref()?;
    let meta = &mut *object.meta;
    let list = meta.acl.as_mut()?;
    let whole = move_grants(list, &meta.owner, from, to);
    if *list == acl::default(letter, &meta.owner, to) {
        meta.acl = None;
    }
    (!whole).then_some(MAINTAIN)
}

/// All privileges on a table have one more since 17, MAINTAIN: an owner with all of them has all there too, and all is
/// what was granted when it was, as by `pg_dump`. Where MAINTAIN would be lost, nothing is done and this is said.
pub(super) fn move_grants(list: &mut Vec<Grant>, owner: &str, from: u32, to: u32) -> bool {
    const BEFORE: &str = "Dadrtwx";
    let (since, _) = MAINTAIN;
    let mut moved = list.clone();
    for grant in &mut moved {
        let own = grant.grantee == *owner && grant.grantor == *owner;
        let privileges = &mut grant.privileges;
        if from < since && to >= since && own && privileges == BEFORE {
            "Dadmrtwx".clone_into(privileges);
        } else if from >= since && to < since && privileges.contains('m') {
            *privileges = privileges.replace("m*", "").replace('m', "");
            if privileges.replace('*', "") != BEFORE {
                return false;
            }
        }
    }
    *list = moved;
    true
}

/// The schema `public` as `initdb` makes it since 15: of a role that 13 does not have.
fn is_new_public(object: &Object) -> bool {
    const OWNER: &str = "pg_database_owner";
    let grant = |grantee: &str, privileges: &str| Grant {
        grantee: grantee.to_owned(),
        grantor: OWNER.to_owned(),
        privileges: privileges.to_owned(),
    };
    object.id == Id::global(Tag::Schema, "public")
        && object.meta.owner == OWNER
        && object.meta.acl.as_deref() == Some(&[grant("", "U"), grant(OWNER, "CU")])
}
