//! Transforms between a type and a procedural language (`pg_transform`; manual: CREATE TRANSFORM). They have
//! neither schema nor owner.

use super::Catalog;
use super::address::{Class, Key};
use super::id::{Family, Id, Style};
use super::kind::{Change, Found, Kind, Query, Source, Tag};
use super::names::Names;
use super::row::{Row, RowError};
use super::step::Step;
use crate::record;

record! {
    /// A transform.
    pub struct Transform {
        /// The function that makes a value for the language, with the types of its arguments; empty for none.
        pub from_sql: String,
        /// The function that takes a value from the language; empty for none.
        pub to_sql: String,
    }
}

impl Transform {
    fn sql(&self, verb: &str, id: &Id) -> String {
        let Self { from_sql, to_sql } = self;
        let list: Vec<_> = [("FROM", from_sql), ("TO", to_sql)]
            .into_iter()
            .filter(|(_, function)| !function.is_empty())
            .map(|(way, function)| format!("{way} SQL WITH FUNCTION {function}"))
            .collect();
        format!("{verb} TRANSFORM {} ({})", id.sql(), list.join(", "))
    }
}

impl Kind for Transform {
    const NAME: &'static str = "transform";
    const LABEL: &'static str = "transform";
    const KEYWORD: &'static str = "TRANSFORM";
    const STYLE: Style = Style::Transform;
    const FAMILY: Family = Family::Own(Tag::Transform);
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Catalog(Class::TRANSFORM)];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "SELECT f.oid, f.trftype, l.lanname, \
              ARRAY[t.typnamespace, coalesce(i.pronamespace, 11), coalesce(o.pronamespace, 11)] AS schemas, \
              nullif(f.trffromsql::regprocedure::text, '-') AS from_sql, \
              nullif(f.trftosql::regprocedure::text, '-') AS to_sql FROM pg_transform f \
              JOIN pg_type t ON t.oid = f.trftype JOIN pg_language l ON l.oid = f.trflang \
              LEFT JOIN pg_proc i ON i.oid = f.trffromsql LEFT JOIN pg_proc o ON o.oid = f.trftosql \
              WHERE f.oid >= 16384",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let data_type = names.type_name(row.number("trftype")?, -1)?;
        let language = row.text("lanname")?;
        if !names.covers_any(&row.numbers("schemas")?) {
            return Ok(None);
        }
        Ok(Some(Found::new(
            Id::routine(Tag::Transform, "", data_type, language),
            Key::new(Class::TRANSFORM, oid),
            Self {
                from_sql: row.text_or_empty("from_sql")?.to_owned(),
                to_sql: row.text_or_empty("to_sql")?.to_owned(),
            },
        )))
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        vec![Step::create(id, self.sql("CREATE", id))]
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP TRANSFORM {}", id.sql()))
    }

    fn change(&self, new: &Self, id: &Id, _scene: &Catalog) -> Change {
        Change::InPlace(vec![Step::alter(id, new.sql("CREATE OR REPLACE", id))])
    }
}
