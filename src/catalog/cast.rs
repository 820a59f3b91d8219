//! Casts (`pg_cast`; manual: CREATE CAST). They have neither schema nor owner; the server makes those from a
//! range type to its multirange type.

use serde::{Deserialize, Serialize};

use super::Catalog;
use super::address::{Class, Key};
use super::demand::Demand;
use super::id::{Family, Id, Style};
use super::kind::{Change, Found, Kind, Query, Source, Tag};
use super::names::Names;
use super::record::Neutral;
use super::row::{Row, RowError};
use super::step::Step;
use crate::record;

record! {
    /// A cast.
    pub struct Cast {
        /// How it is done: `FUNCTION app.f(text)`, `INOUT`; empty when both types have one binary form.
        pub method: String,
        /// Where it is done without being asked for.
        pub context: Context,
    }
}

/// `pg_cast.castcontext`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Context {
    /// Nowhere.
    #[default]
    Explicit,
    /// In assignments.
    Assignment,
    /// Anywhere.
    Implicit,
}

impl Neutral for Context {}

impl Kind for Cast {
    const NAME: &'static str = "cast";
    const LABEL: &'static str = "cast";
    const KEYWORD: &'static str = "CAST";
    const STYLE: Style = Style::Cast;
    const FAMILY: Family = Family::Own(Tag::Cast);
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Catalog(Class::CAST)];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "SELECT c.oid, c.castsource, c.casttarget, \
              ARRAY[s.typnamespace, t.typnamespace, coalesce(p.pronamespace, 11)] AS schemas, \
              CASE c.castmethod WHEN 'f' THEN 'FUNCTION ' || c.castfunc::regprocedure WHEN 'i' THEN 'INOUT' END AS method, \
              c.castcontext FROM pg_cast c JOIN pg_type s ON s.oid = c.castsource JOIN pg_type t ON t.oid = c.casttarget \
              LEFT JOIN pg_proc p ON p.oid = c.castfunc \
              WHERE c.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_depend d \
              WHERE d.classid = 'pg_cast'::regclass AND d.objid = c.oid AND d.deptype = 'i')",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let source = names.type_name(row.number("castsource")?, -1)?;
        let target = names.type_name(row.number("casttarget")?, -1)?;
        if !names.covers_any(&row.numbers("schemas")?) {
            return Ok(None);
        }
        Ok(Some(Found::new(
            Id::routine(Tag::Cast, "", source, target),
            Key::new(Class::CAST, oid),
            Self {
                method: row.text_or_empty("method")?.to_owned(),
                context: match row.letter("castcontext")? {
                    'e' => Context::Explicit,
                    'a' => Context::Assignment,
                    'i' => Context::Implicit,
                    other => return Err(RowError::new("castcontext", format!("{other:?} is new"))),
                },
            },
        )))
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        let Self { method, context } = self;
        let with = if method.is_empty() {
            "WITHOUT FUNCTION".to_owned()
        } else {
            format!("WITH {method}")
        };
        let context = match context {
            Context::Explicit => "",
            Context::Assignment => " AS ASSIGNMENT",
            Context::Implicit => " AS IMPLICIT",
        };
        let sql = format!("CREATE CAST {} {with}{context}", id.sql());
        vec![Step::create(id, sql)]
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP CAST {}", id.sql()))
    }

    fn change(&self, new: &Self, _id: &Id, _scene: &Catalog) -> Change {
        let Self {
            method: _,
            context: _,
        } = new;
        Change::Replace
    }

    /// Who owns one of the types may make others.
    fn needs_superuser(&self) -> bool {
        self.method.is_empty()
    }

    fn demands(&self, id: &Id, _version: u32) -> Vec<Demand> {
        vec![Demand::one_of_types(&id.name, &id.args)]
    }
}
