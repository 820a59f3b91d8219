//! Circles among what is dropped: tables whose foreign keys name each other, views that name each other. Each is cut
//! where something can let go by a step of its own, before anything is dropped. Knows no kind.

use std::collections::{BTreeMap, BTreeSet};

use super::world::World;
use crate::catalog::Id;

/// That `user` uses something of another group of objects that one step drops.
struct Use<'a> {
    user: &'a Id,
    from: &'a Id,
    to: &'a Id,
}

/// What has to let go by a step of its own. `group` is, of all that is dropped, the object whose step drops it; parts
/// can be dropped by themselves, of the others `can_let_go` says whether they can.
pub(super) fn cuts<'a>(
    from: &World<'a>,
    group: &BTreeMap<&'a Id, &'a Id>,
    can_let_go: impl Fn(&Id) -> bool,
) -> BTreeSet<&'a Id> {
    let mut uses: Vec<Use<'a>> = Vec::new();
    for (&user, &group_of_user) in group {
        for edge in from.edges(user) {
            if let Some(&to) = group.get(edge.to).filter(|to| **to != group_of_user) {
                let from = group_of_user;
                uses.push(Use { user, from, to });
            }
        }
    }
    let mut cuts = BTreeSet::new();
    loop {
        in_circles(&mut uses);
        let cut = uses.iter().map(|one| one.user).find(|user| {
            let is_loose_part = user.is_part() && !user.kind.holds_data();
            is_loose_part && group.get(user) != Some(user) || can_let_go(user)
        });
        let Some(cut) = cut else {
            return cuts;
        };
        cuts.insert(cut);
        uses.retain(|one| one.user != cut);
    }
}

/// Leaves only uses between groups that use something and are used, again and again.
fn in_circles(uses: &mut Vec<Use<'_>>) {
    loop {
        let before = uses.len();
        let starts: BTreeSet<&Id> = uses.iter().map(|one| one.from).collect();
        uses.retain(|one| starts.contains(one.to));
        let ends: BTreeSet<&Id> = uses.iter().map(|one| one.to).collect();
        uses.retain(|one| ends.contains(one.from));
        if uses.len() == before {
            return;
        }
    }
}
