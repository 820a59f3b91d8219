//! CHECK constraints of domains (`pg_constraint`; manual: ALTER DOMAIN). NOT NULL is a property of the domain.

use crate::catalog::Catalog;
use crate::catalog::address::{Class, Key};
use crate::catalog::id::{Family, Id, Style};
use crate::catalog::kind::{Change, Found, Kind, Query, Source, Tag};
use crate::catalog::names::Names;
use crate::catalog::quote::ident;
use crate::catalog::row::{Row, RowError};
use crate::catalog::settle::settle;
use crate::catalog::step::Step;
use crate::record;

record! {
    /// A CHECK constraint of a domain.
    pub struct DomainConstraint {
        /// The expression, in its parentheses.
        pub check: String,
        /// Whether existing values were never checked.
        pub not_valid: bool,
    }
}

impl Kind for DomainConstraint {
    const NAME: &'static str = "domain constraint";
    const LABEL: &'static str = "domain constraint";
    const KEYWORD: &'static str = "CONSTRAINT";
    const STYLE: Style = Style::On;
    const FAMILY: Family = Family::Type;
    const TEXTS: &'static [&'static str] = &["check"];
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Type('d')];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "SELECT c.oid, c.contypid, t.typnamespace, t.typname, c.conname, \
              pg_get_expr(c.conbin, 0) AS expression, c.convalidated \
              FROM pg_constraint c JOIN pg_type t ON t.oid = c.contypid \
              WHERE c.contype = 'c' AND c.oid >= 16384",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let domain = row.number("contypid")?;
        let Some(schema) = names.schema(row.number("typnamespace")?) else {
            return Ok(None);
        };
        if names.is_member(Class::TYPE, domain) {
            return Ok(None);
        }
        let name = row.text("typname")?;
        Ok(Some(Found::new(
            Id::part(Tag::DomainConstraint, schema, name, row.text("conname")?),
            Key::new(Class::CONSTRAINT, oid),
            Self {
                check: settle(row.text("expression")?),
                not_valid: !row.flag("convalidated")?,
            },
        )))
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        let valid = if self.not_valid { " NOT VALID" } else { "" };
        let step = Step::create(
            id,
            format!(
                "ALTER DOMAIN {} ADD {}{valid}",
                id.on_sql(),
                self.clause(id)
            ),
        );
        vec![if self.not_valid {
            step
        } else {
            step.scanning()
        }]
    }

    /// Its expression may use what the server takes away under its domain.
    fn goes_along(&self, _step: &Step) -> bool {
        false
    }

    fn drop(&self, id: &Id) -> Step {
        let sql = format!("ALTER DOMAIN {} DROP CONSTRAINT {}", id.on_sql(), id.sql());
        Step::drop(id, sql)
    }

    fn change(&self, new: &Self, id: &Id, _scene: &Catalog) -> Change {
        let Self { check, not_valid } = new;
        if *check != self.check || *not_valid {
            return Change::Replace;
        }
        let sql = format!(
            "ALTER DOMAIN {} VALIDATE CONSTRAINT {}",
            id.on_sql(),
            id.sql()
        );
        Change::InPlace(vec![Step::alter(id, sql).scanning()])
    }

    fn rename(from: &Id, to: &Id) -> Option<Step> {
        (from.same_root(to)).then(|| {
            let sql = format!(
                "ALTER DOMAIN {} RENAME CONSTRAINT {} TO {}",
                from.on_sql(),
                ident(&from.name),
                ident(&to.name)
            );
            Step {
                frees: vec![from.clone()],
                makes: vec![to.clone()],
                ..Step::alter(from, sql)
            }
        })
    }
}

impl DomainConstraint {
    /// `CONSTRAINT name CHECK (..)`.
    pub(super) fn clause(&self, id: &Id) -> String {
        let Self {
            check,
            not_valid: _,
        } = self;
        format!("CONSTRAINT {} CHECK ({check})", ident(&id.name))
    }
}
