//! Operators and functions that belong to an operator family but to no class of it (`pg_amop`, `pg_amproc`;
//! manual: ALTER OPERATOR FAMILY .. ADD). Those of a class are the class's.

use crate::catalog::Catalog;
use crate::catalog::address::{Class, Key};
use crate::catalog::id::{Family, Id, Style};
use crate::catalog::kind::{Change, Found, Kind, Query, Source, Tag};
use crate::catalog::names::Names;
use crate::catalog::quote::ident;
use crate::catalog::row::{Row, RowError};
use crate::catalog::step::Step;
use crate::record;

record! {
    /// An operator of a family.
    pub struct FamilyOperator {
        /// The operator with the types of its operands, as `regoperator` prints it.
        pub operator: String,
        /// The qualified name of the family by which it orders; empty when it searches.
        pub order_by: String,
    }
}

record! {
    /// A support function of a family.
    pub struct FamilyFunction {
        /// The function with the types of its arguments, as `regprocedure` prints it.
        pub function: String,
    }
}

/// The id of a member, by the name that `pg_identify_object()` gives it within its family; `None` when it is not the snapshot's.
fn identity(tag: Tag, row: &Row<'_>, names: &Names) -> Result<Option<Id>, RowError> {
    let Some(schema) = names.schema(row.number("opfnamespace")?) else {
        return Ok(None);
    };
    if names.is_member(Class::OPFAMILY, row.number("family")?) {
        return Ok(None);
    }
    let method = names.access_method(row.number("opfmethod")?);
    Ok(Some(Id {
        args: method.unwrap_or_default(),
        ..Id::part(tag, schema, row.text("opfname")?, row.text("name")?)
    }))
}

fn alter(id: &Id, what: &str) -> String {
    format!(
        "ALTER OPERATOR FAMILY {} USING {} {what}",
        id.on_sql(),
        ident(&id.args)
    )
}

/// How ALTER OPERATOR FAMILY names it: `OPERATOR 1 (integer, integer)`.
fn name_of(id: &Id) -> String {
    let (word, rest) = id.name.split_once(' ').unwrap_or((&id.name, ""));
    format!("{} {rest}", word.to_uppercase())
}

fn drop(id: &Id) -> Step {
    Step::drop(id, alter(id, &format!("DROP {}", name_of(id))))
}

impl Kind for FamilyOperator {
    const NAME: &'static str = "operator of access method";
    const LABEL: &'static str = "operator of a family";
    const KEYWORD: &'static str = "OPERATOR";
    const STYLE: Style = Style::Member;
    const FAMILY: Family = Family::Own(Tag::OperatorFamily);
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[
        Source::Catalog(Class::AMOP),
        Source::Catalog(Class::OPFAMILY),
    ];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "SELECT a.oid, f.opfnamespace, f.oid AS family, f.opfmethod, f.opfname, \
              format('operator %s (%s, %s)', a.amopstrategy, format_type(a.amoplefttype, NULL), format_type(a.amoprighttype, NULL)) AS name, \
              a.amopopr::regoperator AS operator, quote_ident(n.nspname) || '.' || quote_ident(s.opfname) AS order_by \
              FROM pg_amop a JOIN pg_opfamily f ON f.oid = a.amopfamily \
              LEFT JOIN pg_opfamily s ON s.oid = a.amopsortfamily LEFT JOIN pg_namespace n ON n.oid = s.opfnamespace \
              WHERE a.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_amop'::regclass \
              AND d.objid = a.oid AND d.refclassid = 'pg_opclass'::regclass)",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let Some(id) = identity(Tag::FamilyOperator, row, names)? else {
            return Ok(None);
        };
        Ok(Some(Found::new(
            id,
            Key::new(Class::AMOP, oid),
            Self {
                operator: row.text("operator")?.to_owned(),
                order_by: row.text_or_empty("order_by")?.to_owned(),
            },
        )))
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        let Self { operator, order_by } = self;
        // Its number; the operator brings the types.
        let name = name_of(id);
        let (member, _) = name.split_once(" (").unwrap_or((&name, ""));
        let order = if order_by.is_empty() {
            String::new()
        } else {
            format!(" FOR ORDER BY {order_by}")
        };
        let sql = alter(id, &format!("ADD {member} {operator}{order}"));
        vec![Step::create(id, sql)]
    }

    fn drop(&self, id: &Id) -> Step {
        drop(id)
    }

    fn change(&self, new: &Self, _id: &Id, _scene: &Catalog) -> Change {
        let Self {
            operator: _,
            order_by: _,
        } = new;
        Change::Replace
    }
}

impl Kind for FamilyFunction {
    const NAME: &'static str = "function of access method";
    const LABEL: &'static str = "function of a family";
    const KEYWORD: &'static str = "FUNCTION";
    const STYLE: Style = Style::Member;
    const FAMILY: Family = Family::Own(Tag::OperatorFamily);
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[
        Source::Catalog(Class::AMPROC),
        Source::Catalog(Class::OPFAMILY),
    ];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "SELECT a.oid, f.opfnamespace, f.oid AS family, f.opfmethod, f.opfname, \
              format('function %s (%s, %s)', a.amprocnum, format_type(a.amproclefttype, NULL), format_type(a.amprocrighttype, NULL)) AS name, \
              a.amproc::regprocedure AS function FROM pg_amproc a JOIN pg_opfamily f ON f.oid = a.amprocfamily \
              WHERE a.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_amproc'::regclass \
              AND d.objid = a.oid AND d.refclassid = 'pg_opclass'::regclass)",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let Some(id) = identity(Tag::FamilyFunction, row, names)? else {
            return Ok(None);
        };
        Ok(Some(Found::new(
            id,
            Key::new(Class::AMPROC, oid),
            Self {
                function: row.text("function")?.to_owned(),
            },
        )))
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        let Self { function } = self;
        let sql = alter(id, &format!("ADD {} {function}", name_of(id)));
        vec![Step::create(id, sql)]
    }

    fn drop(&self, id: &Id) -> Step {
        drop(id)
    }

    fn change(&self, new: &Self, _id: &Id, _scene: &Catalog) -> Change {
        let Self { function: _ } = new;
        Change::Replace
    }
}
