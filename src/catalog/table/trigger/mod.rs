//! Triggers of tables and views (`pg_trigger`; manual: CREATE TRIGGER), with their enabled state.
//!
//! A partition has a copy of each row trigger of its parent. The copy is an object only when it fires
//! otherwise than the original: that is all that can differ.

mod definition;

use super::join;
use crate::catalog::Catalog;
use crate::catalog::address::{Class, Key};
use crate::catalog::id::{Family, Id, Style};
use crate::catalog::kind::{Change, Found, Kind, Query, Tag};
use crate::catalog::names::Names;
use crate::catalog::quote::ident;
use crate::catalog::record::Neutral;
use crate::catalog::row::{Row, RowError};
use crate::catalog::step::{Lock, Reach, Step};
use crate::record;

record! {
    /// A trigger.
    pub struct Trigger {
        /// A constraint trigger.
        pub constraint: bool,
        /// `BEFORE INSERT OR UPDATE OF a`, as `pg_get_triggerdef()` prints it; empty for a partition's copy.
        pub events: String,
        /// What follows the name of the table, as `pg_get_triggerdef()` prints it.
        pub action: String,
        /// When it fires.
        pub fires: Fires,
        /// When the original fires, of a partition's copy.
        pub original: Option<Fires>,
    }
}

/// `pg_trigger.tgenabled`: in which `session_replication_role` it fires.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fires {
    /// Unless the session replicates.
    #[default]
    Origin,
    /// Never.
    Disabled,
    /// When the session replicates.
    Replica,
    /// Always.
    Always,
}

impl Neutral for Fires {}

impl Fires {
    /// From the letter.
    pub(in crate::catalog) fn new(letter: char) -> Self {
        match letter {
            'D' => Self::Disabled,
            'R' => Self::Replica,
            'A' => Self::Always,
            _ => Self::Origin,
        }
    }

    /// As ALTER says it.
    pub(in crate::catalog) fn words(self) -> &'static str {
        match self {
            Self::Origin => "ENABLE",
            Self::Disabled => "DISABLE",
            Self::Replica => "ENABLE REPLICA",
            Self::Always => "ENABLE ALWAYS",
        }
    }

    /// The step that makes a trigger fire so.
    fn step(self, id: &Id) -> Step {
        let what = self.words();
        let sql = format!(
            "ALTER TABLE {} {what} TRIGGER {}",
            id.on_sql(),
            ident(&id.name)
        );
        let step = Step::alter(id, sql).lock(Lock::ShareRowExclusive);
        step.reaching(Reach::Partitions)
    }
}

impl Trigger {
    fn sql(&self, verb: &str, id: &Id) -> String {
        let Self {
            constraint,
            events,
            action,
            fires: _,
            original: _,
        } = self;
        let constraint = if *constraint { "CONSTRAINT " } else { "" };
        format!(
            "{verb} {constraint}TRIGGER {} {events} ON {} {action}",
            ident(&id.name),
            id.on_sql()
        )
    }

    /// The step that makes a new trigger fire as it should.
    fn fires(&self, id: &Id) -> Option<Step> {
        (self.fires != Fires::Origin).then(|| self.fires.step(id))
    }
}

impl Kind for Trigger {
    const NAME: &'static str = "trigger";
    const LABEL: &'static str = "trigger";
    const KEYWORD: &'static str = "TRIGGER";
    const STYLE: Style = Style::On;
    const FAMILY: Family = Family::Relation;
    const TEXTS: &'static [&'static str] = &["action"];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        // Copies are internal before 15 and not from then on, so those of foreign keys are told by their constraint.
        sql: "SELECT t.oid, t.tgrelid, t.tgname, t.tgconstraint <> 0 AS is_constraint, t.original, \
              CASE WHEN t.tgqual IS NOT NULL OR t.tgconstrrelid <> 0 OR strpos(replace(t.arguments, E'\\\\000', ''), E'\\\\') > 0 \
              THEN pg_get_triggerdef(t.oid, false) END AS definition, t.tgtype, t.tgattr, t.tgdeferrable, t.tginitdeferred, t.tgoldtable, t.tgnewtable, \
              t.tgfoid::regproc AS function, t.arguments, t.tgenabled \
              FROM (SELECT *, encode(tgargs, 'escape') AS arguments, CASE WHEN tgparentid <> 0 \
              THEN (SELECT p.tgenabled FROM pg_trigger p WHERE p.oid = c.tgparentid) END AS original FROM pg_trigger c WHERE c.oid >= 16384) t \
              WHERE CASE WHEN t.tgparentid = 0 THEN NOT t.tgisinternal ELSE t.original <> t.tgenabled AND NOT EXISTS \
              (SELECT FROM pg_constraint k WHERE k.oid = t.tgconstraint AND k.contype <> 't') END",
    }];
    const REBUILDABLE: bool = true;

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let table: u32 = row.number("tgrelid")?;
        let Some(relation) = names.relation(table) else {
            return Ok(None);
        };
        let name = row.text("tgname")?;
        let constraint = row.flag("is_constraint")?;
        let original = match row.opt("original")? {
            Some(_) => Some(Fires::new(row.letter("original")?)),
            None => None,
        };
        let (events, action) = match original {
            Some(_) => Default::default(),
            None => definition::of(row, names, (table, relation), (name, constraint))?,
        };
        let body = Self {
            constraint,
            events,
            action,
            fires: Fires::new(row.letter("tgenabled")?),
            original,
        };
        Ok(Some(Found::new(
            Id::part(
                Tag::Trigger,
                relation.schema.clone(),
                relation.name.clone(),
                name,
            ),
            Key::new(Class::TRIGGER, row.number("oid")?),
            body,
        )))
    }

    fn create(&self, id: &Id, scene: &Catalog) -> Vec<Step> {
        if self.original.is_some() {
            let step = self.fires.step(id).making([id.clone()]);
            return vec![step.needing(join::all_joined(id, scene))];
        }
        let create = Step::create(id, self.sql("CREATE", id)).lock(Lock::ShareRowExclusive);
        let create = create.reaching(Reach::Partitions);
        std::iter::once(create).chain(self.fires(id)).collect()
    }

    fn drop(&self, id: &Id) -> Step {
        if let Some(original) = self.original {
            return Step {
                frees: vec![id.clone()],
                with_parent: true,
                ..original.step(id)
            };
        }
        Step::drop(
            id,
            format!("DROP TRIGGER {} ON {}", ident(&id.name), id.on_sql()),
        )
        .reaching(Reach::Partitions)
    }

    fn change(&self, new: &Self, id: &Id, scene: &Catalog) -> Change {
        let Self {
            constraint,
            events,
            action,
            fires,
            original,
        } = new;
        if original.is_some() != self.original.is_some() {
            return Change::Replace;
        }
        if *constraint == self.constraint && *events == self.events && *action == self.action {
            return if *fires == self.fires {
                Change::Carried
            } else {
                Change::InPlace(vec![fires.step(id)])
            };
        }
        // CREATE OR REPLACE TRIGGER came with 14, and not for constraint triggers; it enables the trigger.
        if scene.version() < 140_000 || *constraint || self.constraint {
            return Change::Replace;
        }
        let replace =
            Step::alter(id, new.sql("CREATE OR REPLACE", id)).lock(Lock::ShareRowExclusive);
        Change::InPlace(std::iter::once(replace).chain(new.fires(id)).collect())
    }

    fn rename(from: &Id, to: &Id) -> Option<Step> {
        if from.schema != to.schema || from.on != to.on {
            return None;
        }
        let (old, new) = (ident(&from.name), ident(&to.name));
        let sql = format!("ALTER TRIGGER {old} ON {} RENAME TO {new}", from.on_sql());
        let step = Step::alter(to, sql).lock(Lock::AccessExclusive);
        Some(Step {
            makes: vec![to.clone()],
            frees: vec![from.clone()],
            ..step
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn touch(action: &str, fires: Fires) -> Trigger {
        Trigger {
            events: "BEFORE UPDATE".into(),
            action: action.into(),
            fires,
            ..Trigger::default()
        }
    }

    #[test]
    fn replaced_in_place_from_14_on() {
        let id = Id::part(Tag::Trigger, "app", "t", "touch");
        let scene =
            |version| Catalog::new(version, Vec::new(), [], std::collections::BTreeMap::new());
        let (old, new) = (touch("a", Fires::Origin), touch("b", Fires::Disabled));
        assert!(matches!(
            old.change(&new, &id, &scene(130_000)),
            Change::Replace
        ));
        let Change::InPlace(steps) = old.change(&new, &id, &scene(140_000)) else {
            unreachable!("it is altered");
        };
        let sql: Vec<_> = steps.iter().map(|step| step.sql.as_str()).collect();
        assert_eq!(
            sql,
            [
                "CREATE OR REPLACE TRIGGER touch BEFORE UPDATE ON app.t b",
                "ALTER TABLE app.t DISABLE TRIGGER touch"
            ]
        );
    }
}
