//! Text search parsers (`pg_ts_parser`; manual: CREATE TEXT SEARCH PARSER).

use crate::catalog::Catalog;
use crate::catalog::address::{Class, Key};
use crate::catalog::id::{Family, Id, Style};
use crate::catalog::kind::{Change, Found, Kind, Query, Source, Tag};
use crate::catalog::names::Names;
use crate::catalog::options::definition;
use crate::catalog::row::{Row, RowError};
use crate::catalog::step::Step;
use crate::record;

record! {
    /// A parser: its functions.
    pub struct Parser {
        /// Begins.
        pub start: String,
        /// Gives the next token.
        pub token: String,
        /// Ends.
        pub end: String,
        /// Finds what to show of a document; empty for none.
        pub headline: String,
        /// Lists the types of tokens.
        pub types: String,
    }
}

impl Kind for Parser {
    const NAME: &'static str = "text search parser";
    const LABEL: &'static str = "text search parser";
    const KEYWORD: &'static str = "TEXT SEARCH PARSER";
    const STYLE: Style = Style::Qualified;
    const FAMILY: Family = Family::Own(Tag::TextSearchParser);
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Catalog(Class::TS_PARSER)];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "SELECT oid, prsnamespace, prsname, prsstart::text, prstoken::text, prsend::text, \
              nullif(prsheadline::text, '-') AS headline, prslextype::text FROM pg_ts_parser WHERE oid >= 16384",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let Some(schema) = names.schema(row.number("prsnamespace")?) else {
            return Ok(None);
        };
        Ok(Some(Found::new(
            Id::in_schema(Tag::TextSearchParser, schema, row.text("prsname")?),
            Key::new(Class::TS_PARSER, oid),
            Self {
                start: row.text("prsstart")?.to_owned(),
                token: row.text("prstoken")?.to_owned(),
                end: row.text("prsend")?.to_owned(),
                headline: row.text_or_empty("headline")?.to_owned(),
                types: row.text("prslextype")?.to_owned(),
            },
        )))
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        let Self {
            start,
            token,
            end,
            headline,
            types,
        } = self;
        let definition = definition(&[
            ("START", start),
            ("GETTOKEN", token),
            ("END", end),
            ("HEADLINE", headline),
            ("LEXTYPES", types),
        ]);
        let sql = format!("CREATE TEXT SEARCH PARSER {} {definition}", id.sql());
        vec![Step::create(id, sql)]
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP TEXT SEARCH PARSER {}", id.sql()))
    }

    fn change(&self, new: &Self, _id: &Id, _scene: &Catalog) -> Change {
        let Self {
            start: _,
            token: _,
            end: _,
            headline: _,
            types: _,
        } = new;
        Change::Replace
    }

    fn needs_superuser(&self) -> bool {
        true
    }
}
