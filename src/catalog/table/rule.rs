//! Rules on tables and views (`pg_rewrite`; manual: CREATE RULE). The rule that makes a view a view is the
//! view's query.

use crate::catalog::Catalog;
use crate::catalog::address::{Class, Key};
use crate::catalog::id::{Family, Id, Style};
use crate::catalog::kind::{Change, Found, Kind, Query, Source, Tag};
use crate::catalog::names::Names;
use crate::catalog::quote::ident;
use crate::catalog::row::{Row, RowError};
use crate::catalog::settle::settle;
use crate::catalog::step::{Lock, Step};
use crate::record;

record! {
    /// A rule.
    pub struct Rule {
        /// Everything after its name and AS, as the server prints it.
        pub definition: String,
        /// When it fires: `DISABLE`, `ENABLE REPLICA`, `ENABLE ALWAYS`; empty for the default.
        pub firing: String,
    }
}

impl Kind for Rule {
    const NAME: &'static str = "rule";
    const LABEL: &'static str = "rule";
    const KEYWORD: &'static str = "RULE";
    const STYLE: Style = Style::On;
    const FAMILY: Family = Family::Relation;
    const TEXTS: &'static [&'static str] = &["definition"];
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Catalog(Class::REWRITE)];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "SELECT oid, ev_class, rulename, pg_get_ruledef(oid) AS definition, ev_enabled FROM pg_rewrite \
              WHERE oid BETWEEN {oids} AND rulename <> '_RETURN'",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let Some(relation) = names.relation(row.number("ev_class")?) else {
            return Ok(None);
        };
        let name = row.text("rulename")?;
        let start = format!("CREATE RULE {} AS", ident(name));
        let definition = row
            .text("definition")?
            .strip_prefix(&start)
            .ok_or_else(|| RowError::new("definition", format!("does not begin with {start:?}")))?;
        let firing = match row.letter("ev_enabled")? {
            'O' => "",
            'D' => "DISABLE",
            'R' => "ENABLE REPLICA",
            'A' => "ENABLE ALWAYS",
            other => return Err(RowError::new("ev_enabled", format!("{other:?} is new"))),
        };
        Ok(Some(Found::new(
            Id::part(
                Tag::Rule,
                relation.schema.clone(),
                relation.name.clone(),
                name,
            ),
            Key::new(Class::REWRITE, oid),
            Self {
                definition: settle(definition.trim_end_matches(';')),
                firing: firing.to_owned(),
            },
        )))
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        let step = Step::create(id, self.sql("CREATE", id)).lock(Lock::AccessExclusive);
        let mut steps = vec![step];
        if !self.firing.is_empty() {
            steps.push(self.set_firing(id));
        }
        steps
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP RULE {} ON {}", id.sql(), id.on_sql()))
    }

    fn change(&self, new: &Self, id: &Id, _scene: &Catalog) -> Change {
        let Self { definition, firing } = new;
        let mut steps = Vec::new();
        if *definition != self.definition {
            let sql = new.sql("CREATE OR REPLACE", id);
            steps.push(Step::alter(id, sql).lock(Lock::AccessExclusive));
        }
        if *firing != self.firing {
            steps.push(new.set_firing(id));
        }
        Change::InPlace(steps)
    }
}

impl Rule {
    fn sql(&self, verb: &str, id: &Id) -> String {
        let Self {
            definition,
            firing: _,
        } = self;
        format!("{verb} RULE {} AS{definition}", id.sql())
    }

    fn set_firing(&self, id: &Id) -> Step {
        let firing = match self.firing.as_str() {
            "" => "ENABLE",
            firing => firing,
        };
        let sql = format!("ALTER TABLE {} {firing} RULE {}", id.on_sql(), id.sql());
        Step::alter(id, sql).lock(Lock::AccessExclusive)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_replaced_in_place() {
        let id = Id::part(Tag::Rule, "app", "T", "r 1");
        let rule = |definition: &str, firing: &str| Rule {
            definition: definition.to_owned(),
            firing: firing.to_owned(),
        };
        let old = rule("\n    ON DELETE TO app.\"T\" DO NOTHING", "DISABLE");
        let sql = |steps: Vec<Step>| steps.into_iter().map(|step| step.sql).collect::<Vec<_>>();
        assert_eq!(
            sql(old.create(&id, &Catalog::default())),
            [
                "CREATE RULE \"r 1\" AS\n    ON DELETE TO app.\"T\" DO NOTHING",
                "ALTER TABLE app.\"T\" DISABLE RULE \"r 1\""
            ]
        );
        let new = rule("\n    ON UPDATE TO app.\"T\" DO NOTHING", "");
        let Change::InPlace(steps) = old.change(&new, &id, &Catalog::default()) else {
            panic!("it was to be dropped")
        };
        assert_eq!(
            sql(steps),
            [
                "CREATE OR REPLACE RULE \"r 1\" AS\n    ON UPDATE TO app.\"T\" DO NOTHING",
                "ALTER TABLE app.\"T\" ENABLE RULE \"r 1\""
            ]
        );
    }
}
