//! Materialized views (`pg_class`; manual: CREATE MATERIALIZED VIEW).
//!
//! Its rows can be had again from its query, so it may be dropped and made again. Whether it is populated is
//! part of the schema; what it is populated with is not.

use super::column::{self, Column};
use super::{owner, query_of};
use crate::catalog::Catalog;
use crate::catalog::address::{Class, Key};
use crate::catalog::id::{Family, Id, Style};
use crate::catalog::kind::{Change, Found, Kind, Query, Source, Tag};
use crate::catalog::names::Names;
use crate::catalog::options;
use crate::catalog::quote::ident;
use crate::catalog::roles::RoleNames;
use crate::catalog::row::{Row, RowError};
use crate::catalog::step::{Lock, Step};
use crate::record;

record! {
    /// A materialized view.
    pub struct MaterializedView {
        /// Its query.
        pub query: String,
        /// Whether it was never refreshed, or emptied since, so that it cannot be read.
        pub unpopulated: bool,
        /// Its access method, when it is not `heap`.
        pub method: String,
        /// Its tablespace, when it is not that of the database.
        pub tablespace: String,
        /// Its storage parameters.
        pub options: Vec<String>,
        /// Those of its TOAST table.
        pub toast_options: Vec<String>,
        /// Its columns.
        pub columns: Vec<Column>,
    }
}

impl Kind for MaterializedView {
    const NAME: &'static str = "materialized view";
    const LABEL: &'static str = "materialized view";
    const KEYWORD: &'static str = "MATERIALIZED VIEW";
    const STYLE: Style = Style::Qualified;
    const FAMILY: Family = Family::Relation;
    const TEXTS: &'static [&'static str] = &["query"];
    const ACL: Option<(char, &'static str)> = Some(('r', "TABLE"));
    const DROPS_PARTS: bool = true;
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Relation('m')];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "SELECT c.oid, pg_get_viewdef(c.oid) AS definition, c.relispopulated, \
              CASE WHEN m.amname <> 'heap' THEN m.amname END AS method, c.reltablespace, c.reloptions, \
              t.reloptions AS toast_options, c.relowner AS owner, c.relacl AS acl \
              FROM pg_class c LEFT JOIN pg_am m ON m.oid = c.relam LEFT JOIN pg_class t ON t.oid = c.reltoastrelid \
              WHERE c.relkind = 'm' AND c.oid BETWEEN {oids} AND c.relpersistence <> 't'",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let Some(relation) = names.relation(oid) else {
            return Ok(None);
        };
        let tablespace = names.tablespace(row.number("reltablespace")?);
        Ok(Some(Found::new(
            Id::in_schema(
                Tag::MaterializedView,
                relation.schema.clone(),
                relation.name.clone(),
            ),
            Key::new(Class::CLASS, oid),
            Self {
                query: query_of(row.text("definition")?),
                unpopulated: !row.flag("relispopulated")?,
                method: row.text_or_empty("method")?.to_owned(),
                tablespace: tablespace.unwrap_or_default().to_string(),
                options: row.list("reloptions")?,
                toast_options: row.list("toast_options")?,
                columns: column::read(row, oid, names)?,
            },
        )))
    }

    fn create(&self, id: &Id, scene: &Catalog) -> Vec<Step> {
        let step = Step::create(id, self.definition(id));
        let mut steps = vec![if self.unpopulated {
            step
        } else {
            step.rewriting()
        }];
        steps.extend(column::create(id, owner(id, scene), &self.columns));
        steps
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP MATERIALIZED VIEW {}", id.sql()))
    }

    fn supports(&self) -> usize {
        1
    }

    fn tablespace(&self) -> Option<&str> {
        Some(&self.tablespace)
    }

    fn relations(&self, _id: &Id, _scene: &Catalog) -> usize {
        3
    }

    fn change(&self, new: &Self, id: &Id, scene: &Catalog) -> Change {
        let Self {
            query,
            unpopulated,
            method,
            tablespace,
            options,
            toast_options,
            columns,
        } = new;
        let is_same = *query == self.query
            && *method == self.method
            && columns.len() == self.columns.len()
            && column::is_prefix(&self.columns, columns)
            && column::can_set_storage(&self.columns, columns);
        if !is_same {
            return Change::Replace;
        }
        let mut steps = Vec::new();
        let alter = |what: &str| {
            Step::alter(id, format!("ALTER {} {what}", id.address())).lock(Lock::AccessExclusive)
        };
        if *tablespace != self.tablespace {
            let name = match tablespace.as_str() {
                "" => "pg_default",
                name => name,
            };
            steps.push(alter(&format!("SET TABLESPACE {}", ident(name))).rewriting());
        }
        let mut clauses = options::change("", &self.options, options);
        clauses.extend(options::change(
            "toast.",
            &self.toast_options,
            toast_options,
        ));
        let clauses = clauses.iter().map(|clause| alter(clause));
        steps.extend(clauses.map(|step| step.lock(Lock::ShareUpdateExclusive)));
        steps.extend(column::change(id, owner(id, scene), &self.columns, columns));
        if *unpopulated != self.unpopulated {
            let no_data = if *unpopulated { " WITH NO DATA" } else { "" };
            let sql = format!("REFRESH MATERIALIZED VIEW {}{no_data}", id.sql());
            steps.push(Step::alter(id, sql).lock(Lock::AccessExclusive).rewriting());
        }
        Change::InPlace(steps)
    }

    fn rename(from: &Id, to: &Id) -> Option<Step> {
        super::rename(from, to)
    }

    fn roles(&self) -> Vec<&str> {
        column::roles(&self.columns)
    }

    fn rename_roles(&mut self, _id: &mut Id, names: &RoleNames, _version: u32) -> bool {
        column::rename_roles(&mut self.columns, names);
        true
    }
}

impl MaterializedView {
    fn definition(&self, id: &Id) -> String {
        let Self {
            query,
            unpopulated,
            method,
            tablespace,
            options,
            toast_options,
            columns: _,
        } = self;
        let mut sql = format!("CREATE MATERIALIZED VIEW {}", id.sql());
        if !method.is_empty() {
            sql.push_str(" USING ");
            sql.push_str(&ident(method));
        }
        let lists = [
            options::list("", options),
            options::list("toast.", toast_options),
        ];
        let lists: Vec<_> = lists.iter().filter(|list| !list.is_empty()).collect();
        if let [first, rest @ ..] = lists.as_slice() {
            sql.push_str(" WITH (");
            sql.push_str(first);
            for list in rest {
                sql.push_str(", ");
                sql.push_str(list);
            }
            sql.push(')');
        }
        if !tablespace.is_empty() {
            sql.push_str(" TABLESPACE ");
            sql.push_str(&ident(tablespace));
        }
        sql.push_str(" AS\n");
        sql.push_str(query);
        sql.push_str(if *unpopulated {
            "\nWITH NO DATA"
        } else {
            "\nWITH DATA"
        });
        sql
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals() -> MaterializedView {
        MaterializedView {
            query: "SELECT 1 AS n".to_owned(),
            columns: vec![Column {
                name: "n".to_owned(),
                type_name: "integer".to_owned(),
                ..Column::default()
            }],
            ..MaterializedView::default()
        }
    }

    fn change(new: &MaterializedView) -> Option<Vec<String>> {
        let id = Id::in_schema(Tag::MaterializedView, "app", "Totals");
        match totals().change(new, &id, &Catalog::default()) {
            Change::InPlace(steps) => Some(steps.into_iter().map(|step| step.sql).collect()),
            Change::Replace | Change::Carried | Change::Impossible(_) => None,
        }
    }

    #[test]
    fn everything_is_written() {
        let id = Id::in_schema(Tag::MaterializedView, "app", "Totals");
        let full = MaterializedView {
            unpopulated: true,
            method: "columnar".to_owned(),
            tablespace: "fast one".to_owned(),
            options: vec!["fillfactor=70".to_owned()],
            toast_options: vec!["autovacuum_enabled=false".to_owned()],
            ..totals()
        };
        assert_eq!(
            full.create(&id, &Catalog::default())[0].sql,
            "CREATE MATERIALIZED VIEW app.\"Totals\" USING columnar \
             WITH (fillfactor='70', toast.autovacuum_enabled='false') TABLESPACE \"fast one\" AS\n\
             SELECT 1 AS n\nWITH NO DATA"
        );
    }

    #[test]
    fn only_its_query_columns_and_method_are_fixed() {
        let mut new = MaterializedView {
            unpopulated: true,
            options: vec!["fillfactor=70".to_owned()],
            ..totals()
        };
        if let Some(column) = new.columns.first_mut() {
            column.statistics = Some(0);
            column.storage = "PLAIN".to_owned();
        }
        let expected = [
            "ALTER MATERIALIZED VIEW app.\"Totals\" SET (fillfactor='70')",
            "ALTER MATERIALIZED VIEW app.\"Totals\" ALTER COLUMN n SET STATISTICS 0",
            "ALTER MATERIALIZED VIEW app.\"Totals\" ALTER COLUMN n SET STORAGE PLAIN",
            "REFRESH MATERIALIZED VIEW app.\"Totals\" WITH NO DATA",
        ];
        assert_eq!(change(&new), Some(expected.map(str::to_owned).to_vec()));
        let other = MaterializedView {
            query: "SELECT 2 AS n".to_owned(),
            ..totals()
        };
        assert_eq!(change(&other), None);
    }
}
