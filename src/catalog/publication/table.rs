//! Tables in publications (`pg_publication_rel`; manual: CREATE PUBLICATION): with the columns and rows that are
//! published. Another list or filter is put in place by taking the table out and in again.

use std::fmt::Write as _;

use super::alter;
use crate::catalog::Catalog;
use crate::catalog::address::{Class, Key};
use crate::catalog::id::{Family, Id, Style};
use crate::catalog::kind::{Change, Found, Kind, Query, Source, Tag};
use crate::catalog::names::Names;
use crate::catalog::quote::{ident, ident_list, qualified};
use crate::catalog::row::{Row, RowError};
use crate::catalog::settle::settle;
use crate::catalog::step::{Lock, Step};
use crate::record;

record! {
    /// A table in a publication.
    pub struct PublishedTable {
        /// The publication.
        pub publication: String,
        /// The table, qualified and quoted.
        pub table: String,
        /// Its published columns, sorted; empty for all (15 and later).
        pub columns: Vec<String>,
        /// Which rows are published (15 and later).
        pub filter: Option<String>,
    }
}

impl Kind for PublishedTable {
    const NAME: &'static str = "publication relation";
    const LABEL: &'static str = "publication relation";
    const KEYWORD: &'static str = "PUBLICATION";
    const STYLE: Style = Style::Verbatim;
    const FAMILY: Family = Family::Own(Tag::PublishedTable);
    const TEXTS: &'static [&'static str] = &["filter"];
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Catalog(Class::PUBLICATION)];
    const QUERIES: &'static [Query] = &[
        Query {
            since: 0,
            sql: "SELECT r.oid, p.oid AS publication, p.pubname, r.prrelid, NULL AS prattrs, NULL AS filter \
                  FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid",
        },
        Query {
            since: 150_000,
            sql: "SELECT r.oid, p.oid AS publication, p.pubname, r.prrelid, r.prattrs, pg_get_expr(r.prqual, r.prrelid) AS filter \
                  FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid",
        },
    ];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let relation: u32 = row.number("prrelid")?;
        let Some(table) = names.any_relation(relation) else {
            return Ok(None);
        };
        let member = names.is_member(Class::PUBLICATION, row.number("publication")?);
        let covered = names.scope().covers_database() && names.scope().covers(&table.schema);
        if member || !covered {
            return Ok(None);
        }
        let mut columns = Vec::new();
        for attnum in row.numbers("prattrs")? {
            columns.push(names.column(relation, attnum)?.name.to_string());
        }
        columns.sort();
        let publication = row.text("pubname")?;
        let table = qualified(&table.schema, &table.name);
        let name = format!("{table} in publication {}", ident(publication));
        Ok(Some(Found::new(
            Id::global(Tag::PublishedTable, name),
            Key::new(Class::PUBLICATION_REL, row.number("oid")?),
            Self {
                publication: publication.to_owned(),
                table,
                columns,
                filter: row.opt("filter")?.map(settle),
            },
        )))
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        let Self {
            publication,
            table,
            columns,
            filter,
        } = self;
        let mut what = format!("TABLE ONLY {table}");
        if !columns.is_empty() {
            let _ = write!(what, " ({})", ident_list(columns));
        }
        if let Some(filter) = filter {
            let _ = write!(what, " WHERE ({filter})");
        }
        let step = Step::create(id, alter(publication, "ADD", &what));
        vec![step.lock(Lock::ShareUpdateExclusive)]
    }

    fn newer(&self, _id: &Id, _scene: &Catalog) -> Vec<(u32, &'static str)> {
        let features = [
            (!self.columns.is_empty(), "a list of columns"),
            (self.filter.is_some(), "a filter of rows"),
        ];
        let has = features.into_iter().filter(|(has, _)| *has);
        has.map(|(_, what)| (150_000, what)).collect()
    }

    fn drop(&self, id: &Id) -> Step {
        let what = format!("TABLE ONLY {}", self.table);
        let step = Step::drop(id, alter(&self.publication, "DROP", &what));
        step.lock(Lock::ShareUpdateExclusive)
    }

    fn change(&self, _new: &Self, _id: &Id, _scene: &Catalog) -> Change {
        Change::Replace
    }
}
