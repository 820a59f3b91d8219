//! What a database has besides its schema: compared, and told where it differs from a snapshot's. Nothing here changes it.

use super::host::Host;
use super::rollback::Target;
use crate::catalog::database::{Beside, Difference};
use crate::diff::Mask;
use crate::introspect::Reading;

/// What differs from `old` to `new`, but for what the mask leaves out. `name` is how the database is called in the SQL.
pub(super) fn differences(old: &Beside, new: &Beside, name: &str, mask: Mask) -> Vec<Difference> {
    let (Some(before), Some(after)) = (&old.properties, &new.properties) else {
        return Vec::new();
    };
    let mut after = if mask.owner {
        after.owned_by(&before.owner)
    } else {
        after.clone()
    };
    if mask.privileges {
        after.acl = before.owned_by(&after.owner).acl;
    }
    if mask.comments {
        after.comment.clone_from(&before.comment);
    }
    let new = Beside {
        properties: Some(after),
        ..new.clone()
    };
    old.differences(&new, name)
}

/// Says what of a target no plan brings about, and what would.
pub(super) fn tell(target: &Target, present: &Reading, host: &impl Host) {
    let name = &present.database.name;
    let wanted = &target.manifest.meta.beside;
    let differences = differences(&present.beside, wanted, name, target.mask);
    if differences.is_empty() {
        return;
    }
    let mut words = format!(
        "what {name} has besides its schema is left as it is; in {}:",
        target.given
    );
    for difference in &differences {
        let Difference {
            what,
            old,
            new,
            sql,
        } = difference;
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
        words.extend(["\n  ", what, ": ", &text(new), ", here: ", &text(old)]);
        if sql.is_empty() {
            words.push_str(" (of a database that is there already it cannot be changed)");
        }
        for statement in sql {
            words.extend(["\n    ", statement, ";"]);
        }
    }
    host.warn(&words);
}
