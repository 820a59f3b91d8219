//! Operator families (`pg_opfamily`; manual: CREATE OPERATOR FAMILY): a name that classes and single members
//! belong to.

use crate::catalog::Catalog;
use crate::catalog::address::{Class, Key};
use crate::catalog::id::{Family, Id, Style};
use crate::catalog::kind::{Change, Found, Kind, Query, Source, Tag};
use crate::catalog::names::Names;
use crate::catalog::row::{Row, RowError};
use crate::catalog::step::Step;
use crate::record;

record! {
    /// An operator family.
    pub struct OperatorFamily {}
}

impl Kind for OperatorFamily {
    const NAME: &'static str = "operator family";
    const LABEL: &'static str = "operator family";
    const KEYWORD: &'static str = "OPERATOR FAMILY";
    const STYLE: Style = Style::Using;
    const FAMILY: Family = Family::Own(Tag::OperatorFamily);
    const DROPS_PARTS: bool = true;
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Catalog(Class::OPFAMILY)];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "SELECT oid, opfnamespace, opfname, opfmethod, opfowner AS owner FROM pg_opfamily WHERE oid >= 16384",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let Some(schema) = names.schema(row.number("opfnamespace")?) else {
            return Ok(None);
        };
        let name = row.text("opfname")?;
        let method = names.access_method(row.number("opfmethod")?);
        Ok(Some(Found::new(
            Id::routine(
                Tag::OperatorFamily,
                schema,
                name,
                method.unwrap_or_default(),
            ),
            Key::new(Class::OPFAMILY, oid),
            Self {},
        )))
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        let Self {} = self;
        vec![Step::create(
            id,
            format!("CREATE OPERATOR FAMILY {}", id.sql()),
        )]
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP OPERATOR FAMILY {}", id.sql()))
    }

    fn change(&self, new: &Self, _id: &Id, _scene: &Catalog) -> Change {
        let Self {} = new;
        Change::InPlace(Vec::new())
    }

    fn needs_superuser(&self) -> bool {
        true
    }
}
