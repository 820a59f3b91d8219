//! Extensions (`pg_extension`; manual: CREATE EXTENSION). The extension alone is an object: its members are
//! what its script makes of them.
//!
//! An extension is made in the version that was recorded: a server that cannot install it says so and the plan
//! is rolled back. `CREATE EXTENSION` cannot name an owner and `ALTER EXTENSION .. OWNER` does not exist.

use super::Catalog;
use super::address::{Class, Key};
use super::demand::Demand;
use super::id::{Family, Id, Style};
use super::kind::{Change, Found, Kind, Query, Tag};
use super::meta::comment_on;
use super::names::Names;
use super::quote::{ident, literal};
use super::row::{Row, RowError};
use super::scope::Scope;
use super::step::Step;
use crate::record;

record! {
    /// An extension.
    pub struct Extension {
        /// The schema of its relocatable members.
        pub schema: String,
        /// The installed version.
        pub version: String,
    }
}

impl Kind for Extension {
    const NAME: &'static str = "extension";
    const LABEL: &'static str = "extension";
    const KEYWORD: &'static str = "EXTENSION";
    const STYLE: Style = Style::Global;
    const FAMILY: Family = Family::Database;
    /// Its members may be tables, and columns may be of its types.
    const HOLDS_DATA: bool = true;
    /// Privileges on its members.
    const DROPS_PARTS: bool = true;
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "SELECT oid, extname, extnamespace, extversion FROM pg_extension",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let name = row.text("extname")?;
        let namespace = row.number("extnamespace")?;
        let schema = names
            .any_schema(namespace)
            .ok_or_else(|| RowError::new("extnamespace", format!("no schema {namespace}")))?;
        if !covers(names.scope(), &schema) {
            return Ok(None);
        }
        Ok(Some(Found::new(
            Id::global(Tag::Extension, name),
            Key::new(Class::EXTENSION, oid),
            Self {
                schema: schema.to_string(),
                version: row.text("extversion")?.to_owned(),
            },
        )))
    }

    fn demands(&self, id: &Id, _version: u32) -> Vec<Demand> {
        vec![Demand::extension(&id.name, &self.version)]
    }

    fn create(&self, id: &Id, scene: &Catalog) -> Vec<Step> {
        let Self { schema, version } = self;
        let sql = format!(
            "CREATE EXTENSION {} SCHEMA {} VERSION {}",
            id.sql(),
            ident(schema),
            literal(version)
        );
        let mut steps = vec![Step::create(id, sql).needing(needed(schema, scene))];
        // The control file brings a comment along.
        if scene
            .get(id)
            .is_some_and(|object| object.meta.comment.is_none())
        {
            steps.push(comment_on(id, &id.address(), None));
        }
        steps
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP EXTENSION {}", id.sql()))
    }

    fn change(&self, new: &Self, id: &Id, scene: &Catalog) -> Change {
        let Self { schema, version } = new;
        let mut steps = Vec::new();
        if *version != self.version {
            let sql = format!(
                "ALTER EXTENSION {} UPDATE TO {}",
                id.sql(),
                literal(version)
            );
            steps.push(Step::alter(id, sql));
        }
        if *schema != self.schema {
            let sql = format!("ALTER EXTENSION {} SET SCHEMA {}", id.sql(), ident(schema));
            steps.push(Step::alter(id, sql).needing(needed(schema, scene)));
        }
        Change::InPlace(steps)
    }
}

/// An extension belongs to the database; a snapshot of chosen schemas has those whose schema is chosen. What
/// lives in `pg_catalog` is left out by a choice only.
pub(super) fn covers(scope: &Scope, schema: &str) -> bool {
    let in_system_schema = !Scope::default().covers(schema);
    scope.covers(schema) || (in_system_schema && scope.include.is_empty())
}

/// Its schema, when that is an object: the name of an extension does not say it.
fn needed(schema: &str, scene: &Catalog) -> Option<Id> {
    Some(Id::global(Tag::Schema, schema)).filter(|id| scene.has(id))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::catalog::kind::Body;
    use crate::catalog::{Meta, Object};
    use std::collections::BTreeMap;

    fn extension(schema: &str, version: &str) -> Extension {
        Extension {
            schema: schema.to_owned(),
            version: version.to_owned(),
        }
    }

    #[test]
    fn it_is_made_in_its_schema_and_version_without_the_comment_of_its_control_file() {
        let id = Id::global(Tag::Extension, "uuid-ossp");
        let schema = Id::global(Tag::Schema, "Ext");
        let body = extension("Ext", "1.1");
        let objects = vec![
            Object {
                id: schema.clone(),
                body: Body::from(crate::catalog::schema::Schema {}),
                meta: Meta::default(),
            },
            Object {
                id: id.clone(),
                body: Body::from(body.clone()),
                meta: Meta::default(),
            },
        ];
        let scene = Catalog::new(150_000, objects, [], BTreeMap::new());
        let steps = body.create(&id, &scene);
        let sql: Vec<_> = steps.iter().map(|step| step.sql.as_str()).collect();
        assert_eq!(
            sql,
            [
                "CREATE EXTENSION \"uuid-ossp\" SCHEMA \"Ext\" VERSION '1.1'",
                "COMMENT ON EXTENSION \"uuid-ossp\" IS NULL"
            ]
        );
        assert_eq!(steps[0].needs, [schema]);
    }

    #[test]
    fn version_and_schema_change_in_place() {
        let id = Id::global(Tag::Extension, "hstore");
        let change = extension("a", "1.7").change(&extension("b", "1.8"), &id, &Catalog::default());
        let Change::InPlace(steps) = change else {
            panic!("it was to be replaced")
        };
        let sql: Vec<_> = steps.iter().map(|step| step.sql.as_str()).collect();
        assert_eq!(
            sql,
            [
                "ALTER EXTENSION hstore UPDATE TO '1.8'",
                "ALTER EXTENSION hstore SET SCHEMA b"
            ]
        );
    }

    #[test]
    fn system_schemas_are_left_out_by_a_choice_only() {
        let only = Scope {
            include: vec!["app".to_owned()],
            exclude: Vec::new(),
            exclude_roles: Vec::new(),
        };
        assert!(covers(&Scope::default(), "pg_catalog"));
        assert!(!covers(&only, "pg_catalog"));
        assert!(covers(&only, "app"));
    }
}
