//! Schemas (`pg_namespace`; manual: CREATE SCHEMA). A schema has no properties of its own but its owner,
//! ACL and comment, which `meta` handles.

use super::Catalog;
use super::address::{Class, Key};
use super::id::{Family, Id, Style};
use super::kind::{Change, Found, Kind, Query, Tag};
use super::names::Names;
use super::row::{Row, RowError};
use super::step::Step;
use crate::record;

record! {
    /// A schema.
    pub struct Schema {}
}

impl Kind for Schema {
    const NAME: &'static str = "schema";
    const LABEL: &'static str = "schema";
    const KEYWORD: &'static str = "SCHEMA";
    const STYLE: Style = Style::Global;
    const FAMILY: Family = Family::Schema;
    const ACL: Option<(char, &'static str)> = Some(('n', "SCHEMA"));
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "SELECT oid, nspowner AS owner, nspacl AS acl FROM pg_namespace",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let Some(name) = names.schema(oid) else {
            return Ok(None);
        };
        Ok(Some(Found::new(
            Id::global(Tag::Schema, name),
            Key::new(Class::NAMESPACE, oid),
            Self {},
        )))
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        let Self {} = self;
        vec![Step::create(id, format!("CREATE SCHEMA {}", id.sql()))]
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP SCHEMA {}", id.sql()))
    }

    fn change(&self, new: &Self, _id: &Id, _scene: &Catalog) -> Change {
        let Self {} = new;
        Change::InPlace(Vec::new())
    }
}
