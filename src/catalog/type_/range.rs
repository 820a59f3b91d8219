//! Range types (`pg_type`, `pg_range`; manual: CREATE TYPE .. AS RANGE). The multirange type and the
//! constructor functions come and go with the range type; its name, unlike theirs, does not follow when the
//! range type is renamed, so a range type cannot be renamed aside.

use super::shell;
use crate::catalog::Catalog;
use crate::catalog::address::{Class, Key};
use crate::catalog::id::{Family, Id, Style};
use crate::catalog::kind::{Change, Found, Kind, Query, Source, Tag};
use crate::catalog::names::Names;
use crate::catalog::options::definition;
use crate::catalog::row::{Row, RowError};
use crate::catalog::step::Step;
use crate::record;

record! {
    /// A range type.
    pub struct Range {
        /// The type of its bounds, as `format_type()` prints it.
        pub subtype: String,
        /// The operator class that orders the bounds, qualified, when it is not the default one.
        pub operator_class: String,
        /// The collation of the bounds, qualified, when it is not that of the subtype.
        pub collation: String,
        /// The function that makes ranges canonical.
        pub canonical: String,
        /// The function that says how far apart two bounds are.
        pub difference: String,
        /// The qualified name of its multirange type (since version 14).
        pub multirange: String,
    }
}

macro_rules! query {
    ($multirange:literal) => {
        concat!(
            "SELECT t.oid, t.typnamespace, t.typname, r.rngsubtype, \
             CASE WHEN NOT o.opcdefault THEN quote_ident(n.nspname) || '.' || quote_ident(o.opcname) END AS class, \
             CASE WHEN r.rngcollation <> s.typcollation THEN r.rngcollation ELSE 0 END AS collation, \
             nullif(r.rngcanonical::text, '-') AS canonical, nullif(r.rngsubdiff::text, '-') AS difference, ",
            $multirange,
            " AS multirange, t.typowner AS owner, t.typacl AS acl \
             FROM pg_type t JOIN pg_range r ON r.rngtypid = t.oid JOIN pg_type s ON s.oid = r.rngsubtype \
             JOIN pg_opclass o ON o.oid = r.rngsubopc JOIN pg_namespace n ON n.oid = o.opcnamespace \
             WHERE t.oid >= 16384"
        )
    };
}

impl Kind for Range {
    const NAME: &'static str = "type";
    const LABEL: &'static str = "range type";
    const KEYWORD: &'static str = "TYPE";
    const STYLE: Style = Style::Qualified;
    const FAMILY: Family = Family::Type;
    const ACL: Option<(char, &'static str)> = Some(('T', "TYPE"));
    const REBUILDABLE: bool = true;
    const DROPS_MAKERS: bool = true;
    const SOURCES: &'static [Source] = &[Source::Type('r')];
    const QUERIES: &'static [Query] = &[
        Query {
            since: 0,
            sql: query!("0"),
        },
        Query {
            since: 140_000,
            sql: query!("r.rngmultitypid"),
        },
    ];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let Some(schema) = names.schema(row.number("typnamespace")?) else {
            return Ok(None);
        };
        let subtype = names.type_name(row.number("rngsubtype")?, -1)?;
        let operator_class = row.text_or_empty("class")?.to_owned();
        let collation = names.collation(row.number("collation")?);
        let canonical = row.text_or_empty("canonical")?.to_owned();
        let difference = row.text_or_empty("difference")?.to_owned();
        let multirange = match row.number("multirange")? {
            0 => String::new(),
            oid => names.type_name(oid, -1)?.to_string(),
        };
        Ok(Some(Found::new(
            Id::in_schema(Tag::Range, schema, row.text("typname")?),
            Key::new(Class::TYPE, oid),
            Self {
                subtype: subtype.to_string(),
                operator_class,
                collation: collation.unwrap_or_default().to_string(),
                canonical,
                difference,
                multirange,
            },
        )))
    }

    fn create(&self, id: &Id, scene: &Catalog) -> Vec<Step> {
        let Self {
            subtype,
            operator_class,
            collation,
            canonical,
            difference,
            multirange,
        } = self;
        let definition = definition(&[
            ("SUBTYPE", subtype),
            ("SUBTYPE_OPCLASS", operator_class),
            ("COLLATION", collation),
            ("CANONICAL", canonical),
            ("SUBTYPE_DIFF", difference),
            ("MULTIRANGE_TYPE_NAME", multirange),
        ]);
        let sql = format!("CREATE TYPE {} AS RANGE {definition}", id.sql());
        if canonical.is_empty() {
            return vec![Step::create(id, sql)];
        }
        shell::first(id, sql, scene)
    }

    fn newer(&self, _id: &Id, _scene: &Catalog) -> Vec<(u32, &'static str)> {
        let has = !self.multirange.is_empty();
        has.then_some((140_000, "the name of its multirange type"))
            .into_iter()
            .collect()
    }

    /// Before version 14 there is no multirange type; the server's choice of its name is no property
    /// (`makeMultirangeTypeName()` of `catalog/pg_type.c`).
    fn move_to(&mut self, id: &Id, from: &Catalog, version: u32) {
        let name = match id.name.split_once("range") {
            Some((before, after)) => format!("{before}multirange{after}"),
            None => format!("{}_multirange", id.name),
        };
        let chosen = crate::catalog::quote::qualified(&id.schema, &name);
        if from.version() < 140_000 {
            self.multirange = chosen;
        } else if version < 140_000 && self.multirange == chosen {
            self.multirange.clear();
        }
    }

    fn drop(&self, id: &Id) -> Step {
        // The function that makes ranges canonical uses the type and is used by it.
        let cascade = if self.canonical.is_empty() {
            ""
        } else {
            " CASCADE"
        };
        Step::drop(id, format!("DROP TYPE {}{cascade}", id.sql()))
    }

    fn change(&self, new: &Self, _id: &Id, _scene: &Catalog) -> Change {
        let Self {
            subtype: _,
            operator_class: _,
            collation: _,
            canonical: _,
            difference: _,
            multirange: _,
        } = new;
        Change::Replace
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_set_is_written() {
        let id = Id::in_schema(Tag::Range, "app", "span");
        let range = Range {
            subtype: "double precision".to_owned(),
            difference: "float8mi".to_owned(),
            multirange: "app.spans".to_owned(),
            ..Range::default()
        };
        assert_eq!(
            range.create(&id, &Catalog::default())[0].sql,
            "CREATE TYPE app.span AS RANGE (\n    SUBTYPE = double precision,\n    \
             SUBTYPE_DIFF = float8mi,\n    MULTIRANGE_TYPE_NAME = app.spans\n)"
        );
    }
}
