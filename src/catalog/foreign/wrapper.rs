//! Foreign-data wrappers (`pg_foreign_data_wrapper`; manual: CREATE FOREIGN DATA WRAPPER).

use super::{change_clause, has_secret, read_options};
use crate::catalog::Catalog;
use crate::catalog::address::{Class, Key};
use crate::catalog::id::{Family, Id, Style};
use crate::catalog::kind::{Change, Found, Kind, Query, Source, Tag};
use crate::catalog::names::Names;
use crate::catalog::options;
use crate::catalog::row::{Row, RowError};
use crate::catalog::step::Step;
use crate::record;

record! {
    /// A foreign-data wrapper.
    pub struct Wrapper {
        /// Its handler function, qualified and quoted; empty for none.
        pub handler: String,
        /// The function that checks options; empty for none.
        pub validator: String,
        /// Its options, sorted.
        pub options: Vec<String>,
    }
}

/// A clause that names a function or says that there is none.
fn clause(word: &str, function: &str) -> String {
    if function.is_empty() {
        format!(" NO {word}")
    } else {
        format!(" {word} {function}")
    }
}

impl Kind for Wrapper {
    const NAME: &'static str = "foreign-data wrapper";
    const LABEL: &'static str = "foreign-data wrapper";
    const KEYWORD: &'static str = "FOREIGN DATA WRAPPER";
    const STYLE: Style = Style::Global;
    const FAMILY: Family = Family::Own(Tag::ForeignDataWrapper);
    const ACL: Option<(char, &'static str)> = Some(('F', "FOREIGN DATA WRAPPER"));
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Catalog(Class::FOREIGN_DATA_WRAPPER)];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "SELECT w.oid, w.fdwname, w.fdwoptions, w.fdwowner AS owner, w.fdwacl AS acl, \
              (SELECT quote_ident(nspname) || '.' || quote_ident(proname) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace \
              WHERE p.oid = w.fdwhandler) AS handler, \
              (SELECT quote_ident(nspname) || '.' || quote_ident(proname) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace \
              WHERE p.oid = w.fdwvalidator) AS validator FROM pg_foreign_data_wrapper w",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        if !names.scope().covers_database() {
            return Ok(None);
        }
        let oid = row.number("oid")?;
        Ok(Some(Found::new(
            Id::global(Tag::ForeignDataWrapper, row.text("fdwname")?),
            Key::new(Class::FOREIGN_DATA_WRAPPER, oid),
            Self {
                handler: row.text_or_empty("handler")?.to_owned(),
                validator: row.text_or_empty("validator")?.to_owned(),
                options: read_options(row, "fdwoptions")?,
            },
        )))
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        let Self {
            handler,
            validator,
            options,
        } = self;
        let mut sql = format!("CREATE FOREIGN DATA WRAPPER {}", id.sql());
        for (word, function) in [("HANDLER", handler), ("VALIDATOR", validator)] {
            if !function.is_empty() {
                sql.push_str(&clause(word, function));
            }
        }
        sql.push_str(&options::generic(options));
        vec![Step::create(id, sql)]
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP FOREIGN DATA WRAPPER {}", id.sql()))
    }

    fn change(&self, new: &Self, id: &Id, _scene: &Catalog) -> Change {
        let Self {
            handler,
            validator,
            options,
        } = new;
        let mut sql = format!("ALTER FOREIGN DATA WRAPPER {}", id.sql());
        if *handler != self.handler {
            sql.push_str(&clause("HANDLER", handler));
        }
        if *validator != self.validator {
            sql.push_str(&clause("VALIDATOR", validator));
        }
        sql.push_str(&change_clause(&self.options, options));
        Change::InPlace(vec![Step::alter(id, sql)])
    }

    fn keeps_secret(&self) -> bool {
        has_secret(&self.options)
    }

    fn needs_superuser(&self) -> bool {
        true
    }
}
