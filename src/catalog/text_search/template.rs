//! Text search templates (`pg_ts_template`; manual: CREATE TEXT SEARCH TEMPLATE).

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
    /// A template: its functions.
    pub struct Template {
        /// Takes the options of a dictionary; empty for none.
        pub init: String,
        /// Looks a word up.
        pub lexize: String,
    }
}

impl Kind for Template {
    const NAME: &'static str = "text search template";
    const LABEL: &'static str = "text search template";
    const KEYWORD: &'static str = "TEXT SEARCH TEMPLATE";
    const STYLE: Style = Style::Qualified;
    const FAMILY: Family = Family::Own(Tag::TextSearchTemplate);
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Catalog(Class::TS_TEMPLATE)];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "SELECT oid, tmplnamespace, tmplname, nullif(tmplinit::text, '-') AS init, tmpllexize::text AS lexize \
              FROM pg_ts_template WHERE oid >= 16384",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let Some(schema) = names.schema(row.number("tmplnamespace")?) else {
            return Ok(None);
        };
        Ok(Some(Found::new(
            Id::in_schema(Tag::TextSearchTemplate, schema, row.text("tmplname")?),
            Key::new(Class::TS_TEMPLATE, oid),
            Self {
                init: row.text_or_empty("init")?.to_owned(),
                lexize: row.text("lexize")?.to_owned(),
            },
        )))
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        let Self { init, lexize } = self;
        let definition = definition(&[("INIT", init), ("LEXIZE", lexize)]);
        let sql = format!("CREATE TEXT SEARCH TEMPLATE {} {definition}", id.sql());
        vec![Step::create(id, sql)]
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP TEXT SEARCH TEMPLATE {}", id.sql()))
    }

    fn change(&self, new: &Self, _id: &Id, _scene: &Catalog) -> Change {
        let Self { init: _, lexize: _ } = new;
        Change::Replace
    }

    fn needs_superuser(&self) -> bool {
        true
    }
}
