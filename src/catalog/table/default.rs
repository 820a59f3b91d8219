//! Default values of columns (`pg_attrdef`; manual: CREATE TABLE, DEFAULT). The expression of a generated
//! column is part of the column instead: it cannot be without it.

use crate::catalog::address::{Class, Key};
use crate::catalog::id::{Family, Id, Style};
use crate::catalog::kind::{Change, Found, Kind, Query, Tag};
use crate::catalog::names::Names;
use crate::catalog::quote::ident;
use crate::catalog::row::{Row, RowError};
use crate::catalog::settle::settle;
use crate::catalog::step::{Lock, Step};
use crate::catalog::{Catalog, Strength};
use crate::record;

record! {
    /// The default value of a column.
    pub struct DefaultValue {
        /// As `pg_get_expr()` prints it.
        pub expression: String,
    }
}

impl DefaultValue {
    fn set(&self, id: &Id) -> String {
        let Self { expression } = self;
        format!(
            "ALTER TABLE ONLY {} ALTER COLUMN {} SET DEFAULT {expression}",
            id.on_sql(),
            ident(&id.name)
        )
    }
}

impl Kind for DefaultValue {
    const NAME: &'static str = "default value for";
    const LABEL: &'static str = "default";
    const KEYWORD: &'static str = "DEFAULT";
    const STYLE: Style = Style::Column;
    const FAMILY: Family = Family::Relation;
    const TEXTS: &'static [&'static str] = &["expression"];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        // It names no columns: given the relation, the server would open it for nothing. What does is a generated column's,
        // which its own row has, and would be an error here.
        sql: "SELECT oid, adrelid, adnum, CASE WHEN strpos(adbin::text, '{VAR ') = 0 THEN pg_get_expr(adbin, 0) END AS expression \
              FROM pg_attrdef WHERE oid >= 16384",
    }];
    const REBUILDABLE: bool = true;

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let table: u32 = row.number("adrelid")?;
        let relation = names.relation(table);
        let Some(relation) = relation.filter(|relation| matches!(relation.kind, 'r' | 'p' | 'f'))
        else {
            return Ok(None);
        };
        let attnum = row.number("adnum")?;
        let column = names.column(table, attnum)?;
        if column.generated {
            return Ok(None);
        }
        let (schema, table_name) = (relation.schema.clone(), relation.name.clone());
        let id = Id::part(Tag::Default, schema, table_name, column.name.clone());
        let expression = settle(row.text("expression")?);
        let key = Key::new(Class::ATTRDEF, row.number("oid")?);
        Ok(Some(Found {
            part_of: vec![Key::column(table, attnum)],
            ..Found::new(id, key, Self { expression })
        }))
    }

    /// The server would cast the old expression to the new type, or refuse to.
    fn in_the_way(&self, _step: &Step, _strength: Strength, _to_change: bool) -> bool {
        true
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        vec![Step::create(id, self.set(id)).lock(Lock::AccessExclusive)]
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(
            id,
            format!(
                "ALTER TABLE ONLY {} ALTER COLUMN {} DROP DEFAULT",
                id.on_sql(),
                ident(&id.name)
            ),
        )
    }

    fn change(&self, new: &Self, id: &Id, _scene: &Catalog) -> Change {
        Change::InPlace(vec![
            Step::alter(id, new.set(id)).lock(Lock::AccessExclusive),
        ])
    }
}
