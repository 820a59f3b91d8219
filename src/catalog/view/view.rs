//! Views (`pg_class`; manual: CREATE VIEW).
//!
//! `CREATE OR REPLACE VIEW` keeps what uses the view; it can add columns at the end and nothing else, so another
//! set of columns is another view. It also lets views name each other or themselves: those are made without
//! their query first.

use super::column::{self, Column};
use super::{owner, query_of};
use crate::catalog::Catalog;
use crate::catalog::address::{Class, Key};
use crate::catalog::id::{Family, Id, Style};
use crate::catalog::kind::{Change, Found, Kind, Query, Source, Tag};
use crate::catalog::names::Names;
use crate::catalog::options;
use crate::catalog::roles::RoleNames;
use crate::catalog::row::{Row, RowError};
use crate::catalog::step::{Lock, Step};
use crate::record;

record! {
    /// A view.
    pub struct View {
        /// Its query.
        pub query: String,
        /// Its options, as `pg_class.reloptions` has them: check option, security barrier, security invoker.
        pub options: Vec<String>,
        /// Its columns.
        pub columns: Vec<Column>,
    }
}

impl Kind for View {
    const NAME: &'static str = "view";
    const LABEL: &'static str = "view";
    const KEYWORD: &'static str = "VIEW";
    const STYLE: Style = Style::Qualified;
    const FAMILY: Family = Family::Relation;
    const TEXTS: &'static [&'static str] = &["query", "default"];
    const ACL: Option<(char, &'static str)> = Some(('r', "TABLE"));
    const DROPS_PARTS: bool = true;
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Relation('v')];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: concat!(
            "SELECT c.oid, pg_get_viewdef(c.oid) AS definition, c.reloptions, d.with_default, d.defaults, d.attrdefs, \
             c.relowner AS owner, c.relacl AS acl FROM pg_class c",
            column::defaults!(),
            " WHERE c.relkind = 'v' AND c.oid BETWEEN {oids} AND c.relpersistence <> 't'"
        ),
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let Some(relation) = names.relation(oid) else {
            return Ok(None);
        };
        let id = Id::in_schema(Tag::View, relation.schema.clone(), relation.name.clone());
        let body = Self {
            query: query_of(row.text("definition")?),
            options: row.list("reloptions")?,
            columns: column::read(row, oid, names)?,
        };
        Ok(Some(Found {
            parts: column::default_keys(row)?.collect(),
            ..Found::new(id, Key::new(Class::CLASS, oid), body)
        }))
    }

    fn supports(&self) -> usize {
        1
    }

    fn create(&self, id: &Id, scene: &Catalog) -> Vec<Step> {
        let mut steps = match self.circle(id, scene) {
            None => vec![Step::create(id, self.definition("CREATE", id))],
            Some(circle) => vec![
                Step::create(id, self.stand_in("CREATE", id)).deferring(circle),
                Step::alter(id, self.definition("CREATE OR REPLACE", id)),
            ],
        };
        steps.extend(column::create(id, owner(id, scene), &self.columns));
        steps
    }

    fn newer(&self, _id: &Id, _scene: &Catalog) -> Vec<(u32, &'static str)> {
        let invoker = |option: &String| option.starts_with("security_invoker=");
        let has = self.options.iter().any(invoker);
        has.then_some((150_000, "security_invoker"))
            .into_iter()
            .collect()
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP VIEW {}", id.sql()))
    }

    fn let_go(&self, id: &Id) -> Option<Step> {
        let step = Step::alter(id, self.stand_in("CREATE OR REPLACE", id));
        Some(step.lock(Lock::AccessExclusive))
    }

    fn change(&self, new: &Self, id: &Id, scene: &Catalog) -> Change {
        let Self {
            query,
            options,
            columns,
        } = new;
        if !column::is_prefix(&self.columns, columns) {
            return Change::Replace;
        }
        let mut steps = Vec::new();
        if *query != self.query || *options != self.options {
            let sql = new.definition("CREATE OR REPLACE", id);
            steps.push(Step::alter(id, sql).lock(Lock::AccessExclusive));
        }
        steps.extend(column::change(id, owner(id, scene), &self.columns, columns));
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

impl View {
    /// The other members of the circle of dependencies that it is in, if it is in one; none are others when the
    /// view names itself alone. `CREATE OR REPLACE` makes such views possible.
    fn circle(&self, id: &Id, scene: &Catalog) -> Option<Vec<Id>> {
        let used = scene.closure(id);
        if !used.contains(id) && !names_itself(&self.query, &id.sql()) {
            return None;
        }
        let others = used.into_iter().filter(|other| *other != id);
        Some(
            others
                .filter(|other| scene.closure(other).contains(id))
                .cloned()
                .collect(),
        )
    }

    /// A view with the same columns that uses nothing, for others to use until it gets its query.
    fn stand_in(&self, verb: &str, id: &Id) -> String {
        let columns = self.columns.iter().map(Column::stand_in);
        let columns: Vec<_> = columns.collect();
        format!("{verb} VIEW {} AS\nSELECT {}", id.sql(), columns.join(", "))
    }

    fn definition(&self, verb: &str, id: &Id) -> String {
        let Self {
            query,
            options,
            columns: _,
        } = self;
        let options = match options.as_slice() {
            [] => String::new(),
            options => format!(" WITH ({})", options::list("", options)),
        };
        format!("{verb} VIEW {}{options} AS\n{query}", id.sql())
    }
}

/// Whether the text has the qualified name as a whole.
fn names_itself(query: &str, name: &str) -> bool {
    let goes_on = |next: Option<char>| {
        next.is_some_and(|next| next.is_alphanumeric() || "_$.".contains(next))
    };
    query.match_indices(name).any(|(at, _)| {
        let before = query.get(..at).and_then(|text| text.chars().next_back());
        let after = query
            .get(at + name.len()..)
            .and_then(|text| text.chars().next());
        !goes_on(before) && !goes_on(after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::meta::acl::Grant;

    fn column(name: &str, type_name: &str) -> Column {
        Column {
            name: name.to_owned(),
            type_name: type_name.to_owned(),
            ..Column::default()
        }
    }

    fn users(query: &str, columns: &[Column]) -> View {
        View {
            query: query.to_owned(),
            options: Vec::new(),
            columns: columns.to_vec(),
        }
    }

    fn id() -> Id {
        Id::in_schema(Tag::View, "app", "Users")
    }

    fn change(old: &View, new: &View) -> Option<Vec<String>> {
        match old.change(new, &id(), &Catalog::default()) {
            Change::InPlace(steps) => Some(steps.into_iter().map(|step| step.sql).collect()),
            Change::Replace | Change::Carried | Change::Impossible(_) => None,
        }
    }

    #[test]
    fn it_is_made_with_what_is_set_on_its_columns() {
        let mut name = column("Na me", "text");
        name.default = Some("'x'::text".to_owned());
        name.comment = Some("it's".to_owned());
        name.acl = Some(vec![Grant {
            grantee: "alice".to_owned(),
            grantor: String::new(),
            privileges: "r".to_owned(),
        }]);
        let view = View {
            options: vec!["check_option=local".to_owned()],
            ..users("SELECT 1", &[column("id", "integer"), name])
        };
        let sql: Vec<_> = view
            .create(&id(), &Catalog::default())
            .into_iter()
            .map(|step| step.sql)
            .collect();
        assert_eq!(
            sql,
            [
                "CREATE VIEW app.\"Users\" WITH (check_option='local') AS\nSELECT 1",
                "ALTER VIEW app.\"Users\" ALTER COLUMN \"Na me\" SET DEFAULT 'x'::text",
                "COMMENT ON COLUMN app.\"Users\".\"Na me\" IS 'it''s'",
                "GRANT SELECT (\"Na me\") ON TABLE app.\"Users\" TO alice",
            ]
        );
    }

    #[test]
    fn a_view_that_names_itself_has_a_stand_in() {
        let view = users("SELECT id FROM app.\"Users\"", &[column("id", "integer")]);
        let steps = view.create(&id(), &Catalog::default());
        let sql: Vec<_> = steps.iter().map(|step| step.sql.as_str()).collect();
        assert_eq!(
            sql,
            [
                "CREATE VIEW app.\"Users\" AS\nSELECT NULL::integer AS id",
                "CREATE OR REPLACE VIEW app.\"Users\" AS\nSELECT id FROM app.\"Users\""
            ]
        );
        assert!(names_itself("FROM app.users, x", "app.users"));
        for other in ["FROM app.users_raw", "app.users.id", "FROM my_app.users"] {
            assert!(!names_itself(other, "app.users"));
        }
    }

    #[test]
    fn columns_are_added_at_the_end_in_place() {
        let (id, name) = (column("id", "integer"), column("name", "text"));
        let old = users("SELECT 1", std::slice::from_ref(&id));
        let new = users("SELECT 2", &[id.clone(), name.clone()]);
        let expected = "CREATE OR REPLACE VIEW app.\"Users\" AS\nSELECT 2".to_owned();
        assert_eq!(change(&old, &new), Some(vec![expected]));
        assert_eq!(change(&new, &old), None);
        assert_eq!(change(&old, &users("SELECT 2", &[name, id])), None);
        assert_eq!(
            change(&old, &users("SELECT 1", &[column("id", "bigint")])),
            None
        );
    }

    #[test]
    fn the_query_stays_when_only_a_column_changed() {
        let mut commented = column("id", "integer");
        commented.comment = Some("key".to_owned());
        let old = users("SELECT 1", &[commented]);
        let new = users("SELECT 1", &[column("id", "integer")]);
        let expected = "COMMENT ON COLUMN app.\"Users\".id IS NULL".to_owned();
        assert_eq!(change(&old, &new), Some(vec![expected]));
    }
}
