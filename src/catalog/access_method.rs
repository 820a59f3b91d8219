//! Access methods of tables and indexes (`pg_am`; manual: CREATE ACCESS METHOD). They have no owner.

use super::Catalog;
use super::address::{Class, Key};
use super::id::{Family, Id, Style};
use super::kind::{Change, Found, Kind, Query, Source, Tag};
use super::names::Names;
use super::row::{Row, RowError};
use super::step::Step;
use crate::record;

record! {
    /// An access method.
    pub struct AccessMethod {
        /// Whether it is one of tables; else of indexes.
        pub of_tables: bool,
        /// The function that says how it works.
        pub handler: String,
    }
}

impl Kind for AccessMethod {
    const NAME: &'static str = "access method";
    const LABEL: &'static str = "access method";
    const KEYWORD: &'static str = "ACCESS METHOD";
    const STYLE: Style = Style::Global;
    const FAMILY: Family = Family::Own(Tag::AccessMethod);
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Catalog(Class::ACCESS_METHOD)];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "SELECT a.oid, a.amname, p.pronamespace, a.amtype = 't' AS of_tables, a.amhandler::text AS handler \
              FROM pg_am a JOIN pg_proc p ON p.oid = a.amhandler WHERE a.oid >= 16384",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let name = row.text("amname")?;
        if !names.covers_any(&[row.number("pronamespace")?]) {
            return Ok(None);
        }
        Ok(Some(Found::new(
            Id::global(Tag::AccessMethod, name),
            Key::new(Class::ACCESS_METHOD, oid),
            Self {
                of_tables: row.flag("of_tables")?,
                handler: row.text("handler")?.to_owned(),
            },
        )))
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        let Self { of_tables, handler } = self;
        let what = if *of_tables { "TABLE" } else { "INDEX" };
        let sql = format!(
            "CREATE ACCESS METHOD {} TYPE {what} HANDLER {handler}",
            id.sql()
        );
        vec![Step::create(id, sql)]
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP ACCESS METHOD {}", id.sql()))
    }

    fn change(&self, new: &Self, _id: &Id, _scene: &Catalog) -> Change {
        let Self {
            of_tables: _,
            handler: _,
        } = new;
        Change::Replace
    }

    fn needs_superuser(&self) -> bool {
        true
    }
}
