//! Foreign tables (`pg_foreign_table`; manual: CREATE FOREIGN TABLE), also as partitions and children. They have
//! no rows here, so one may be made again; columns and constraints are those of all tables.

use super::{RelationName, Table, alter, create, join, parents, rename_relation};
use crate::catalog::Catalog;
use crate::catalog::address::{Class, Key};
use crate::catalog::foreign::{has_secret, read_options};
use crate::catalog::id::{Family, Id, Style};
use crate::catalog::kind::{Change, Found, Kind, Query, Source, Tag};
use crate::catalog::names::Names;
use crate::catalog::options;
use crate::catalog::quote::ident;
use crate::catalog::row::{Row, RowError};
use crate::catalog::step::Step;
use crate::record;

record! {
    /// A foreign table.
    pub struct ForeignTable {
        /// The foreign server.
        pub server: String,
        /// Its options, sorted.
        pub options: Vec<String>,
        /// What it inherits from, or is a partition of, in order.
        pub parents: Vec<RelationName>,
        /// FOR VALUES or DEFAULT, of a partition.
        pub bound: String,
    }
}

impl ForeignTable {
    /// What it has of a table.
    fn table(&self) -> Table {
        Table {
            parents: self.parents.clone(),
            bound: self.bound.clone(),
            ..Table::default()
        }
    }
}

impl Kind for ForeignTable {
    const NAME: &'static str = "foreign table";
    const LABEL: &'static str = "foreign table";
    const KEYWORD: &'static str = "FOREIGN TABLE";
    const STYLE: Style = Style::Qualified;
    const FAMILY: Family = Family::Relation;
    const ACL: Option<(char, &'static str)> = Some(('r', "TABLE"));
    const DROPS_PARTS: bool = true;
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Relation('f')];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "SELECT c.oid, c.relowner AS owner, c.relacl AS acl, s.srvname, f.ftoptions, \
              CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END AS bound, \
              ARRAY(SELECT inhparent FROM pg_inherits WHERE inhrelid = c.oid ORDER BY inhseqno) AS parents \
              FROM pg_foreign_table f JOIN pg_class c ON c.oid = f.ftrelid JOIN pg_foreign_server s ON s.oid = f.ftserver",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let Some(relation) = names.relation(oid) else {
            return Ok(None);
        };
        let body = Self {
            server: row.text("srvname")?.to_owned(),
            options: read_options(row, "ftoptions")?,
            parents: parents(row, names)?,
            bound: row.text_or_empty("bound")?.to_owned(),
        };
        let (schema, name) = (relation.schema.clone(), relation.name.clone());
        Ok(Some(Found::new(
            Id::in_schema(Tag::ForeignTable, schema, name),
            Key::new(Class::CLASS, oid),
            body,
        )))
    }

    fn supports(&self) -> usize {
        1
    }

    fn create(&self, id: &Id, scene: &Catalog) -> Vec<Step> {
        let Self {
            server,
            options,
            parents: _,
            bound: _,
        } = self;
        let source = format!("SERVER {}{}", ident(server), options::generic(options));
        create::steps_as(&self.table(), id, scene, "FOREIGN TABLE", Some(source))
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP FOREIGN TABLE {}", id.sql()))
    }

    fn change(&self, new: &Self, id: &Id, scene: &Catalog) -> Change {
        let Self {
            server,
            options,
            parents,
            bound,
        } = new;
        // A column that the table had before it got a parent stays its own, so it is made anew with the parent.
        let adopted = *parents != self.parents && bound.is_empty() && !parents.is_empty();
        if *server != self.server || adopted {
            return Change::Replace;
        }
        let clause = options::generic_change(&self.options, options);
        let mut steps: Vec<Step> = clause
            .map(|clause| alter(id, &clause))
            .into_iter()
            .collect();
        if *parents != self.parents || *bound != self.bound {
            steps.extend(join::move_to_parents(
                &self.table(),
                &new.table(),
                id,
                scene,
            ));
        }
        Change::InPlace(steps)
    }

    fn rename(from: &Id, to: &Id) -> Option<Step> {
        rename_relation("FOREIGN TABLE", from, to)
    }

    fn keeps_secret(&self) -> bool {
        has_secret(&self.options)
    }
}
