//! Publications (`pg_publication`; manual: CREATE PUBLICATION). The tables and schemas in it are kinds of their
//! own, since they come and go with either side.

pub mod schema;
pub mod table;

use std::fmt::Write as _;

use super::Catalog;
use super::address::{Class, Key};
use super::id::{Family, Id, Style};
use super::kind::{Change, Found, Kind, Query, Source, Tag};
use super::names::Names;
use super::quote::ident;
use super::row::{Row, RowError};
use super::step::Step;
use crate::record;

record! {
    /// A publication.
    pub struct Publication {
        /// FOR ALL TABLES.
        pub all_tables: bool,
        /// Which of `insert`, `update`, `delete`, `truncate` it does not publish, in this order.
        pub withheld: Vec<String>,
        /// Whether changes of partitions are published as those of their root.
        pub via_root: bool,
        /// Whether stored generated columns are published (18 and later).
        pub generated_columns: bool,
    }
}

const OPERATIONS: &[(&str, &str)] = &[
    ("insert", "pubinsert"),
    ("update", "pubupdate"),
    ("delete", "pubdelete"),
    ("truncate", "pubtruncate"),
];

macro_rules! query {
    ($columns:literal) => {
        concat!(
            "SELECT oid, pubname, puballtables, pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot, ",
            $columns,
            "pubowner AS owner FROM pg_publication"
        )
    };
}

impl Publication {
    /// The parameters in which it differs from another, as WITH and SET take them.
    fn parameters(&self, other: &Self) -> String {
        let Self {
            all_tables: _,
            withheld,
            via_root,
            generated_columns,
        } = self;
        let mut list = Vec::new();
        if *withheld != other.withheld {
            let published = OPERATIONS
                .iter()
                .map(|(name, _)| *name)
                .filter(|name| !withheld.iter().any(|held| held == name));
            let published: Vec<&str> = published.collect();
            list.push(format!("publish = '{}'", published.join(", ")));
        }
        if *via_root != other.via_root {
            list.push(format!("publish_via_partition_root = {via_root}"));
        }
        if *generated_columns != other.generated_columns {
            let which = if *generated_columns { "stored" } else { "none" };
            list.push(format!("publish_generated_columns = {which}"));
        }
        list.join(", ")
    }
}

impl Kind for Publication {
    const NAME: &'static str = "publication";
    const LABEL: &'static str = "publication";
    const KEYWORD: &'static str = "PUBLICATION";
    const STYLE: Style = Style::Global;
    const FAMILY: Family = Family::Own(Tag::Publication);
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Catalog(Class::PUBLICATION)];
    const QUERIES: &'static [Query] = &[
        Query {
            since: 0,
            sql: query!(""),
        },
        Query {
            since: 180_000,
            sql: query!("pubgencols, "),
        },
    ];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        if !names.scope().covers_database() {
            return Ok(None);
        }
        let mut withheld = Vec::new();
        for (name, column) in OPERATIONS {
            if !row.flag(column)? {
                withheld.push((*name).to_owned());
            }
        }
        Ok(Some(Found::new(
            Id::global(Tag::Publication, row.text("pubname")?),
            Key::new(Class::PUBLICATION, row.number("oid")?),
            Self {
                all_tables: row.flag("puballtables")?,
                withheld,
                via_root: row.flag("pubviaroot")?,
                generated_columns: row.has("pubgencols") && row.letter("pubgencols")? == 's',
            },
        )))
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        let mut sql = format!("CREATE PUBLICATION {}", id.sql());
        if self.all_tables {
            sql.push_str(" FOR ALL TABLES");
        }
        let parameters = self.parameters(&Self::default());
        if !parameters.is_empty() {
            let _ = write!(sql, " WITH ({parameters})");
        }
        vec![Step::create(id, sql)]
    }

    fn newer(&self, _id: &Id, _scene: &Catalog) -> Vec<(u32, &'static str)> {
        let has = self.generated_columns;
        has.then_some((180_000, "published generated columns"))
            .into_iter()
            .collect()
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP PUBLICATION {}", id.sql()))
    }

    fn change(&self, new: &Self, id: &Id, _scene: &Catalog) -> Change {
        if new.all_tables != self.all_tables {
            return Change::Replace;
        }
        let parameters = new.parameters(self);
        let sql = format!("ALTER PUBLICATION {} SET ({parameters})", id.sql());
        Change::InPlace(vec![Step::alter(id, sql)])
    }

    /// Only a superuser may publish all tables.
    fn needs_superuser(&self) -> bool {
        self.all_tables
    }
}

/// `ALTER PUBLICATION p verb what`, about a table or schema in it.
fn alter(publication: &str, verb: &str, what: &str) -> String {
    format!("ALTER PUBLICATION {} {verb} {what}", ident(publication))
}
