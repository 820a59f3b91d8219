//! Conversions between encodings (`pg_conversion`; manual: CREATE CONVERSION).

use super::Catalog;
use super::address::{Class, Key};
use super::id::{Family, Id, Style};
use super::kind::{Change, Found, Kind, Query, Source, Tag};
use super::names::Names;
use super::quote::literal;
use super::row::{Row, RowError};
use super::step::Step;
use crate::record;

record! {
    /// A conversion.
    pub struct Conversion {
        /// Whether it is the one that the server takes.
        pub default: bool,
        /// The encoding that it reads.
        pub source: String,
        /// The encoding that it writes.
        pub target: String,
        /// The function that does it.
        pub function: String,
    }
}

impl Kind for Conversion {
    const NAME: &'static str = "conversion";
    const LABEL: &'static str = "conversion";
    const KEYWORD: &'static str = "CONVERSION";
    const STYLE: Style = Style::Qualified;
    const FAMILY: Family = Family::Own(Tag::Conversion);
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Catalog(Class::CONVERSION)];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "SELECT oid, connamespace, conname, condefault, pg_encoding_to_char(conforencoding) AS source, \
              pg_encoding_to_char(contoencoding) AS target, conproc::text AS function, conowner AS owner \
              FROM pg_conversion WHERE oid >= 16384",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let Some(schema) = names.schema(row.number("connamespace")?) else {
            return Ok(None);
        };
        Ok(Some(Found::new(
            Id::in_schema(Tag::Conversion, schema, row.text("conname")?),
            Key::new(Class::CONVERSION, oid),
            Self {
                default: row.flag("condefault")?,
                source: row.text("source")?.to_owned(),
                target: row.text("target")?.to_owned(),
                function: row.text("function")?.to_owned(),
            },
        )))
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        let Self {
            default,
            source,
            target,
            function,
        } = self;
        let sql = format!(
            "CREATE {}CONVERSION {} FOR {} TO {} FROM {function}",
            if *default { "DEFAULT " } else { "" },
            id.sql(),
            literal(source),
            literal(target)
        );
        vec![Step::create(id, sql)]
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP CONVERSION {}", id.sql()))
    }

    fn change(&self, new: &Self, _id: &Id, _scene: &Catalog) -> Change {
        let Self {
            default: _,
            source: _,
            target: _,
            function: _,
        } = new;
        Change::Replace
    }
}
