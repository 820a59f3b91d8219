//! Operator classes (`pg_opclass`; manual: CREATE OPERATOR CLASS), with the operators and functions that are
//! theirs; the others of their family are the family's.

use crate::catalog::Catalog;
use crate::catalog::address::{Class, Key};
use crate::catalog::id::{Family, Id, Style};
use crate::catalog::kind::{Change, Found, Kind, Query, Source, Tag};
use crate::catalog::names::Names;
use crate::catalog::quote::{ident, qualified};
use crate::catalog::row::{Row, RowError};
use crate::catalog::step::Step;
use crate::record;

record! {
    /// An operator class.
    pub struct OperatorClass {
        /// Whether it is the default for its type.
        pub default: bool,
        /// The type that it is for, as `format_type()` prints it.
        pub data_type: String,
        /// The family that it is in.
        pub family: FamilyName,
        /// The type that is stored, when it is not the one that it is for.
        pub storage: String,
        /// Its operators, as `OPERATOR` wants them: `1 app.<(app.word,app.word)`.
        pub operators: Vec<String>,
        /// Its functions, as `FUNCTION` wants them: `1 (app.word, app.word) app.compare(app.word,app.word)`.
        pub functions: Vec<String>,
    }
}

record! {
    /// The name of a family of the same access method.
    pub struct FamilyName {
        /// Its schema.
        pub schema: String,
        /// Its name.
        pub name: String,
    }
}

impl Kind for OperatorClass {
    const NAME: &'static str = "operator class";
    const LABEL: &'static str = "operator class";
    const KEYWORD: &'static str = "OPERATOR CLASS";
    const STYLE: Style = Style::Using;
    const FAMILY: Family = Family::Own(Tag::OperatorClass);
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Catalog(Class::OPCLASS)];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "SELECT c.oid, c.opcnamespace, c.opcname, c.opcmethod, c.opcdefault, c.opcintype, \
              fn.nspname AS family_schema, f.opfname, c.opckeytype, \
              ARRAY(SELECT format('%s %s', a.amopstrategy, a.amopopr::regoperator) \
              || coalesce(' FOR ORDER BY ' || quote_ident(sn.nspname) || '.' || quote_ident(s.opfname), '') \
              FROM pg_depend d JOIN pg_amop a ON a.oid = d.objid \
              LEFT JOIN pg_opfamily s ON s.oid = a.amopsortfamily LEFT JOIN pg_namespace sn ON sn.oid = s.opfnamespace \
              WHERE d.classid = 'pg_amop'::regclass AND d.refclassid = 'pg_opclass'::regclass AND d.refobjid = c.oid \
              ORDER BY a.amopstrategy, a.amopopr::regoperator::text) AS operators, \
              ARRAY(SELECT format('%s (%s, %s) %s', a.amprocnum, format_type(a.amproclefttype, NULL), \
              format_type(a.amprocrighttype, NULL), a.amproc::regprocedure) \
              FROM pg_depend d JOIN pg_amproc a ON a.oid = d.objid \
              WHERE d.classid = 'pg_amproc'::regclass AND d.refclassid = 'pg_opclass'::regclass AND d.refobjid = c.oid \
              ORDER BY a.amprocnum, a.amproc::regprocedure::text) AS functions, c.opcowner AS owner \
              FROM pg_opclass c JOIN pg_opfamily f ON f.oid = c.opcfamily JOIN pg_namespace fn ON fn.oid = f.opfnamespace \
              WHERE c.oid >= 16384",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let Some(schema) = names.schema(row.number("opcnamespace")?) else {
            return Ok(None);
        };
        let name = row.text("opcname")?;
        let method = names.access_method(row.number("opcmethod")?);
        let default = row.flag("opcdefault")?;
        let data_type = names.type_name(row.number("opcintype")?, -1)?.to_string();
        let family = FamilyName {
            schema: row.text("family_schema")?.to_owned(),
            name: row.text("opfname")?.to_owned(),
        };
        let storage = match row.number("opckeytype")? {
            0 => String::new(),
            stored => names.type_name(stored, -1)?.to_string(),
        };
        Ok(Some(Found::new(
            Id::routine(Tag::OperatorClass, schema, name, method.unwrap_or_default()),
            Key::new(Class::OPCLASS, oid),
            Self {
                default,
                data_type,
                family,
                storage,
                operators: row.list("operators")?,
                functions: row.list("functions")?,
            },
        )))
    }

    fn create(&self, id: &Id, scene: &Catalog) -> Vec<Step> {
        let Self {
            default,
            data_type,
            family,
            storage,
            operators,
            functions,
        } = self;
        let family = Id::routine(
            Tag::OperatorFamily,
            &*family.schema,
            &*family.name,
            id.args.clone(),
        );
        let mut items: Vec<_> = operators
            .iter()
            .map(|operator| format!("OPERATOR {operator}"))
            .chain(
                functions
                    .iter()
                    .map(|function| format!("FUNCTION {function}")),
            )
            .collect();
        if !storage.is_empty() || items.is_empty() {
            // There has to be an item; the type itself is what is stored by default.
            let storage = if storage.is_empty() {
                data_type
            } else {
                storage
            };
            items.push(format!("STORAGE {storage}"));
        }
        let sql = format!(
            "CREATE OPERATOR CLASS {}\n    {}FOR TYPE {data_type} USING {} FAMILY {} AS\n    {}",
            qualified(&id.schema, &id.name),
            if *default { "DEFAULT " } else { "" },
            ident(&id.args),
            qualified(&family.schema, &family.name),
            items.join(",\n    ")
        );
        // A member of the family that comes later could become the class's own.
        let members = scene.parts(&family).map(|part| part.id.clone());
        vec![Step::create(id, sql).needing(members)]
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP OPERATOR CLASS {}", id.sql()))
    }

    fn change(&self, new: &Self, _id: &Id, _scene: &Catalog) -> Change {
        let Self {
            default: _,
            data_type: _,
            family: _,
            storage: _,
            operators: _,
            functions: _,
        } = new;
        Change::Replace
    }

    fn needs_superuser(&self) -> bool {
        true
    }
}
