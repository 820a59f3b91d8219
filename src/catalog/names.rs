//! Names behind OIDs: what every kind needs to resolve references on the client instead of joining on the
//! server. Also the scope: which objects count at all.
//!
//! Filled once per snapshot from [`Names::QUERIES`]; pure data.

use std::collections::{HashMap, HashSet};

use super::Str;
use super::row::{Row, RowError};

/// The catalog that an address points into (`pg_class` OIDs of the catalogs, fixed in `pg_*.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Class(pub u32);

#[allow(missing_docs)] // each is the catalog of that name
impl Class {
    pub const ACCESS_METHOD: Self = Self(2601);
    pub const AMOP: Self = Self(2602);
    pub const AMPROC: Self = Self(2603);
    pub const ATTRDEF: Self = Self(2604);
    pub const CAST: Self = Self(2605);
    pub const CLASS: Self = Self(1259);
    pub const COLLATION: Self = Self(3456);
    pub const CONSTRAINT: Self = Self(2606);
    pub const CONVERSION: Self = Self(2607);
    pub const DEFAULT_ACL: Self = Self(826);
    pub const EVENT_TRIGGER: Self = Self(3466);
    pub const EXTENSION: Self = Self(3079);
    pub const FOREIGN_DATA_WRAPPER: Self = Self(2328);
    pub const INIT_PRIVS: Self = Self(3394);
    pub const LANGUAGE: Self = Self(2612);
    pub const NAMESPACE: Self = Self(2615);
    pub const OPCLASS: Self = Self(2616);
    pub const OPERATOR: Self = Self(2617);
    pub const OPFAMILY: Self = Self(2753);
    pub const POLICY: Self = Self(3256);
    pub const PROC: Self = Self(1255);
    pub const PUBLICATION: Self = Self(6104);
    pub const PUBLICATION_NAMESPACE: Self = Self(6237);
    pub const PUBLICATION_REL: Self = Self(6106);
    pub const REWRITE: Self = Self(2618);
    pub const SERVER: Self = Self(1417);
    pub const STATISTIC: Self = Self(3381);
    pub const SUBSCRIPTION: Self = Self(6100);
    pub const TRANSFORM: Self = Self(3576);
    pub const TRIGGER: Self = Self(2620);
    pub const TS_CONFIG: Self = Self(3602);
    pub const TS_DICT: Self = Self(3600);
    pub const TS_PARSER: Self = Self(3601);
    pub const TS_TEMPLATE: Self = Self(3764);
    pub const TYPE: Self = Self(1247);
    pub const USER_MAPPING: Self = Self(1418);
}

/// The address of a catalog row or of a column: `(classid, objid, objsubid)` of `pg_depend`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The catalog.
    pub class: Class,
    /// The row.
    pub oid: u32,
    /// The column (`attnum`), 0 for the object itself.
    pub sub: i32,
}

impl Key {
    /// The address of a whole object.
    pub fn new(class: Class, oid: u32) -> Self {
        Self { class, oid, sub: 0 }
    }

    /// The address of a column.
    pub fn column(relation: u32, attnum: i32) -> Self {
        Self {
            class: Class::CLASS,
            oid: relation,
            sub: attnum,
        }
    }
}

/// OIDs below this belong to `initdb` (`FirstNormalObjectId` of `access/transam.h`).
pub const FIRST_NORMAL_OID: u32 = 16384;

/// Which schemas a snapshot covers: patterns as in psql's `\dn` (`*`, `?`), exclusions win.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Scope {
    /// Only these schemas; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// Not these schemas.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
}

impl Scope {
    /// Whether objects in this schema count.
    pub fn covers(&self, schema: &str) -> bool {
        if schema.starts_with("pg_") || schema == "information_schema" {
            return false;
        }
        let any = |patterns: &[String]| patterns.iter().any(|pattern| glob(pattern, schema));
        (self.include.is_empty() || any(&self.include)) && !any(&self.exclude)
    }

    /// Whether what belongs to no schema counts: it does unless schemas were chosen.
    pub fn covers_database(&self) -> bool {
        self.include.is_empty()
    }

    /// Whether it leaves nothing out.
    pub fn is_whole(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }
}

fn glob(pattern: &str, name: &str) -> bool {
    let mut characters = pattern.chars();
    match characters.next() {
        None => name.is_empty(),
        Some('*') => name
            .char_indices()
            .map(|(at, _)| at)
            .chain([name.len()])
            .any(|at| glob(characters.as_str(), &name[at..])),
        Some(wanted) => {
            let mut rest = name.chars();
            rest.next()
                .is_some_and(|found| wanted == '?' || wanted == found)
                && glob(characters.as_str(), rest.as_str())
        }
    }
}

/// A row of `pg_class`, by name.
#[derive(Clone, Debug)]
pub struct Relation {
    /// Its schema.
    pub schema: Str,
    /// Its name.
    pub name: Str,
    /// `relkind`.
    pub kind: char,
    /// Whether it counts: in a schema of the scope, not a member of an extension, not temporary.
    pub in_scope: bool,
}

/// A column of a relation: what indexes and constraints need of it.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Its name.
    pub name: Str,
    /// OID of its type.
    pub data_type: u32,
    /// OID of its collation, 0 for none.
    pub collation: u32,
}

/// An operator class (`pg_opclass`).
#[derive(Clone, Debug)]
pub struct Opclass {
    /// As SQL names it under `search_path` = `pg_catalog`.
    pub name: Str,
    /// OID of its access method.
    pub method: u32,
    /// OID of the type that it is for.
    pub input: u32,
    /// Whether it is the default for that type.
    pub is_default: bool,
}

/// Names of everything that can be referenced.
#[derive(Debug, Default)]
pub struct Names {
    version: u32,
    scope: Scope,
    schemas: HashMap<u32, Str>,
    relations: HashMap<u32, Relation>,
    types: HashMap<(u32, i32), Str>,
    roles: HashMap<u32, Str>,
    collations: HashMap<u32, Str>,
    tablespaces: HashMap<u32, Str>,
    members: HashSet<(Class, u32)>,
    columns: HashMap<(u32, i32), Attribute>,
    opclasses: HashMap<u32, Opclass>,
    default_opclasses: HashSet<(u32, u32)>,
    domain_bases: HashMap<u32, u32>,
    access_methods: HashMap<u32, Str>,
}

impl Names {
    /// The queries that fill it, in the order of the numbers that [`Names::add`] takes.
    ///
    /// Members come before relations, since a relation's scope depends on them.
    pub const QUERIES: &'static [&'static str] = &[
        "SELECT oid, rolname AS name FROM pg_roles",
        "SELECT oid, nspname AS name FROM pg_namespace",
        "SELECT classid, objid FROM pg_depend WHERE deptype = 'e'",
        "SELECT oid, relnamespace, relname AS name, relkind FROM pg_class WHERE relpersistence <> 't' AND relkind NOT IN ('t')",
        "SELECT oid, -1 AS typmod, format_type(oid, NULL) AS name FROM pg_type \
         UNION ALL SELECT DISTINCT atttypid, atttypmod, format_type(atttypid, atttypmod) FROM pg_attribute WHERE atttypmod >= 0 AND attnum > 0 AND NOT attisdropped \
         UNION ALL SELECT DISTINCT typbasetype, typtypmod, format_type(typbasetype, typtypmod) FROM pg_type WHERE typtype = 'd' AND typtypmod >= 0",
        "SELECT c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.collname) AS name FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace",
        "SELECT oid, spcname AS name FROM pg_tablespace",
        "SELECT attrelid, attnum, attname AS name, atttypid, attcollation FROM pg_attribute \
         WHERE attrelid >= 16384 AND attnum > 0 AND NOT attisdropped AND attrelid IN (SELECT oid FROM pg_class WHERE relkind NOT IN ('i', 'I', 't', 'S'))",
        "SELECT c.oid, CASE WHEN n.nspname <> 'pg_catalog' THEN quote_ident(n.nspname) || '.' ELSE '' END || quote_ident(c.opcname) AS name, \
         c.opcmethod, c.opcintype, c.opcdefault FROM pg_opclass c JOIN pg_namespace n ON n.oid = c.opcnamespace",
        "SELECT oid, typbasetype FROM pg_type WHERE typtype = 'd'",
        "SELECT oid, amname AS name FROM pg_am",
    ];

    /// An empty set of names for a server of this version.
    pub fn new(version: u32, scope: Scope) -> Self {
        Self {
            version,
            scope,
            ..Self::default()
        }
    }

    /// Takes in one row of `QUERIES[query]`.
    pub fn add(&mut self, query: usize, row: &Row<'_>) -> Result<(), RowError> {
        match query {
            0 => drop(
                self.roles
                    .insert(row.number("oid")?, row.text("name")?.into()),
            ),
            1 => drop(
                self.schemas
                    .insert(row.number("oid")?, row.text("name")?.into()),
            ),
            2 => drop(
                self.members
                    .insert((Class(row.number("classid")?), row.number("objid")?)),
            ),
            3 => self.add_relation(row)?,
            4 => drop(self.types.insert(
                (row.number("oid")?, row.number("typmod")?),
                row.text("name")?.into(),
            )),
            5 => drop(
                self.collations
                    .insert(row.number("oid")?, row.text("name")?.into()),
            ),
            6 => drop(
                self.tablespaces
                    .insert(row.number("oid")?, row.text("name")?.into()),
            ),
            7 => self.add_column(row)?,
            8 => self.add_opclass(row)?,
            9 => drop(
                self.domain_bases
                    .insert(row.number("oid")?, row.number("typbasetype")?),
            ),
            10 => drop(
                self.access_methods
                    .insert(row.number("oid")?, row.text("name")?.into()),
            ),
            other => {
                return Err(RowError::new(
                    "",
                    format!("there is no query {other} of names"),
                ));
            }
        }
        Ok(())
    }

    fn add_relation(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        let oid = row.number("oid")?;
        let namespace: u32 = row.number("relnamespace")?;
        let schema = self.schemas.get(&namespace).cloned().ok_or_else(|| {
            RowError::new(
                "relnamespace",
                format!("schema {namespace} is not in pg_namespace"),
            )
        })?;
        let in_scope = oid >= FIRST_NORMAL_OID
            && self.scope.covers(&schema)
            && !self.is_member(Class::CLASS, oid);
        let relation = Relation {
            schema,
            name: row.text("name")?.into(),
            kind: row.letter("relkind")?,
            in_scope,
        };
        self.relations.insert(oid, relation);
        Ok(())
    }

    fn add_column(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        let place = (row.number("attrelid")?, row.number("attnum")?);
        let column = Attribute {
            name: row.text("name")?.into(),
            data_type: row.number("atttypid")?,
            collation: row.number("attcollation")?,
        };
        self.columns.insert(place, column);
        Ok(())
    }

    fn add_opclass(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        let oid = row.number("oid")?;
        let opclass = Opclass {
            name: row.text("name")?.into(),
            method: row.number("opcmethod")?,
            input: row.number("opcintype")?,
            is_default: row.flag("opcdefault")?,
        };
        if opclass.is_default {
            self.default_opclasses
                .insert((opclass.method, opclass.input));
        }
        self.opclasses.insert(oid, opclass);
        Ok(())
    }

    /// `server_version_num`.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// What the snapshot covers.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The schema of an object in scope; `None` when the schema is not covered.
    pub fn schema(&self, oid: u32) -> Option<Str> {
        self.schemas
            .get(&oid)
            .filter(|name| self.scope.covers(name))
            .cloned()
    }

    /// Whether the snapshot covers what has no schema of its own but concerns these: one of them is covered, or
    /// no schemas were chosen and all of them are the server's own.
    pub fn covers_any(&self, schemas: &[u32]) -> bool {
        let mut chosen = schemas.iter().filter_map(|oid| self.schemas.get(oid));
        let is_system = |name: &Str| !Scope::default().covers(name);
        chosen.clone().any(|name| self.scope.covers(name))
            || (self.scope.include.is_empty() && chosen.all(is_system))
    }

    /// The name of any schema.
    pub fn any_schema(&self, oid: u32) -> Option<Str> {
        self.schemas.get(&oid).cloned()
    }

    /// A relation in scope.
    pub fn relation(&self, oid: u32) -> Option<&Relation> {
        self.relations
            .get(&oid)
            .filter(|relation| relation.in_scope)
    }

    /// Any relation but temporary and TOAST tables.
    pub fn any_relation(&self, oid: u32) -> Option<&Relation> {
        self.relations.get(&oid)
    }

    /// A type as `format_type()` prints it; `typmod` is -1 for none.
    pub fn type_name(&self, oid: u32, typmod: i32) -> Result<Str, RowError> {
        self.types.get(&(oid, typmod)).cloned().ok_or_else(|| {
            RowError::new(
                "type",
                format!("type {oid} with modifier {typmod} is not in pg_type"),
            )
        })
    }

    /// A role.
    pub fn role(&self, oid: u32) -> Result<Str, RowError> {
        self.roles.get(&oid).cloned().ok_or_else(|| {
            RowError::new("role", format!("role {oid} is not in pg_roles (dropped?)"))
        })
    }

    /// A collation, quoted and qualified.
    pub fn collation(&self, oid: u32) -> Option<Str> {
        self.collations.get(&oid).cloned()
    }

    /// A tablespace; `None` for 0, the database's own.
    pub fn tablespace(&self, oid: u32) -> Option<Str> {
        self.tablespaces.get(&oid).cloned()
    }

    /// A column of a user's relation, by its `attnum`.
    pub fn column(&self, relation: u32, attnum: i32) -> Result<&Attribute, RowError> {
        self.columns.get(&(relation, attnum)).ok_or_else(|| {
            RowError::new(
                "attnum",
                format!("column {attnum} of relation {relation} is not in pg_attribute"),
            )
        })
    }

    /// An operator class.
    pub fn opclass(&self, oid: u32) -> Result<&Opclass, RowError> {
        self.opclasses.get(&oid).ok_or_else(|| {
            RowError::new(
                "opclass",
                format!("operator class {oid} is not in pg_opclass"),
            )
        })
    }

    /// Whether an operator class is what an index takes for a type when none is named (`GetDefaultOpClass()`
    /// of `commands/indexcmds.c`): the default for the type itself, or for another of the same binary form.
    pub fn is_default_opclass(&self, class: &Opclass, data_type: u32) -> bool {
        const VARCHAR: u32 = 1043;
        const TEXT: u32 = 25;
        let base = self.base_type(data_type);
        let exact = self.default_opclasses.contains(&(class.method, base));
        class.is_default
            && (class.input == base || (!exact && (base != VARCHAR || class.input == TEXT)))
    }

    /// The type that a domain is over, in the end; any other type is its own.
    fn base_type(&self, oid: u32) -> u32 {
        let mut base = oid;
        while let Some(&next) = self.domain_bases.get(&base) {
            base = next;
        }
        base
    }

    /// An access method.
    pub fn access_method(&self, oid: u32) -> Option<Str> {
        self.access_methods.get(&oid).cloned()
    }

    /// Whether an object is a member of an extension.
    pub fn is_member(&self, class: Class, oid: u32) -> bool {
        self.members.contains(&(class, oid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scope_patterns() {
        let scope = |include: &[&str], exclude: &[&str]| Scope {
            include: include.iter().map(|&text| text.to_owned()).collect(),
            exclude: exclude.iter().map(|&text| text.to_owned()).collect(),
        };
        assert!(scope(&[], &[]).covers("app"));
        assert!(!scope(&[], &[]).covers("pg_temp_3"));
        assert!(!scope(&[], &[]).covers("information_schema"));
        assert!(scope(&["app*"], &[]).covers("app12"));
        assert!(!scope(&["app?"], &[]).covers("app12"));
        assert!(!scope(&["app*"], &["*2"]).covers("app12"));
    }
}
