//! Names behind OIDs: what every kind needs to resolve references on the client instead of joining on the
//! server.
//!
//! Filled once per snapshot from [`Names::QUERIES`]; pure data.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Str;
use super::kind::Source;
use super::quote::{ident, qualified};
use super::row::{Row, RowError};
use super::scope::Scope;

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

    /// The address in three columns of a row: catalog, OID, `attnum`.
    pub fn read(row: &Row<'_>, class: &str, oid: &str, sub: &str) -> Result<Self, RowError> {
        Ok(Self {
            class: Class(row.number(class)?),
            oid: row.number(oid)?,
            sub: row.number(sub)?,
        })
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
    /// By `attnum`, from 1; those that were dropped are `None`.
    columns: Vec<Option<Attribute>>,
}

/// A column of a relation: what its parts need of it.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Its name.
    pub name: Str,
    /// OID of its type.
    pub data_type: u32,
    /// OID of its collation, 0 for none.
    pub collation: u32,
}

/// A type (`pg_type`).
#[derive(Clone, Debug)]
pub struct Type {
    /// As `format_type()` prints it without a modifier; of an array, that of the element.
    name: Str,
    /// OID of its schema.
    schema: u32,
    /// OID of the type that it is an array of, 0 for what is no array.
    element: u32,
    /// OID of the type that it is a domain over, 0 for what is no domain.
    base: u32,
    /// OID of the collation that its columns have unless they say another, 0 for none.
    pub collation: u32,
    /// The storage (`typstorage`) that its columns have unless they say another.
    pub storage: char,
}

/// What owns a sequence (`pg_depend`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SequenceOwner {
    /// OID of the table.
    pub table: u32,
    /// `attnum` of the column.
    pub column: i32,
    /// Whether the column is an identity column.
    pub identity: bool,
}

/// What was set on a column of an index (`pg_attribute`).
#[derive(Clone, Debug)]
pub struct IndexColumn {
    /// Its number, from 1.
    pub position: i32,
    /// Its statistics target, when it is not the server's default.
    pub statistics: Option<i32>,
    /// Parameters of its operator class (`name=value`).
    pub parameters: Vec<String>,
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
    schemas: FxHashMap<u32, Str>,
    relations: FxHashMap<u32, Relation>,
    types: FxHashMap<u32, Type>,
    modified_types: FxHashMap<(u32, i32), Str>,
    roles: FxHashMap<u32, Str>,
    collations: FxHashMap<u32, Str>,
    tablespaces: FxHashMap<u32, Str>,
    members: FxHashSet<(Class, u32)>,
    index_columns: FxHashMap<u32, Vec<IndexColumn>>,
    owners: FxHashMap<u32, SequenceOwner>,
    identities: FxHashMap<(u32, i32), u32>,
    opclasses: FxHashMap<u32, Opclass>,
    default_opclasses: FxHashSet<(u32, u32)>,
    access_methods: FxHashMap<u32, Str>,
    sources: FxHashSet<Source>,
    holding_queries: Vec<(Source, u32)>,
}

impl Names {
    /// The queries that fill it, in the order of the numbers that [`Names::add`] takes: what is named by others
    /// comes before them. Members of extensions and owners of sequences come by [`Names::depends`], columns by
    /// [`Names::add_column`].
    ///
    /// The server spells the types of `initdb` and those with a modifier; the others are plain names, and
    /// spelling 10,000 row types and their arrays costs more than reading them.
    pub const QUERIES: &'static [&'static str] = &[
        "SELECT oid, rolname AS name FROM pg_roles",
        "SELECT oid, nspname AS name FROM pg_namespace",
        "SELECT oid, relnamespace, relname AS name, relkind FROM pg_class WHERE relpersistence <> 't' AND relkind <> 't'",
        "SELECT oid, typnamespace, CASE WHEN oid < 16384 THEN format_type(oid, NULL) ELSE typname::text END AS name, \
         CASE WHEN typlen = -1 AND typstorage <> 'p' THEN typelem ELSE 0 END AS element, \
         CASE WHEN typtype = 'd' THEN typbasetype ELSE 0 END AS base, typcollation, typstorage, typtype FROM pg_type",
        "SELECT DISTINCT typbasetype AS oid, typtypmod AS typmod, format_type(typbasetype, typtypmod) AS name \
         FROM pg_type WHERE typtype = 'd' AND typtypmod >= 0",
        "SELECT c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.collname) AS name FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace",
        "SELECT oid, spcname AS name FROM pg_tablespace",
        "SELECT c.oid, CASE WHEN n.nspname <> 'pg_catalog' THEN quote_ident(n.nspname) || '.' ELSE '' END || quote_ident(c.opcname) AS name, \
         c.opcmethod, c.opcintype, c.opcdefault FROM pg_opclass c JOIN pg_namespace n ON n.oid = c.opcnamespace",
        "SELECT oid, amname AS name FROM pg_am",
        "SELECT 1255 AS class, oid FROM pg_proc WHERE oid >= 16384 AND prolang = 14 AND prosrc = '' \
         UNION ALL SELECT 2618, oid FROM pg_rewrite WHERE oid >= 16384 AND rulename <> '_RETURN' \
         UNION ALL SELECT 3256, oid FROM pg_policy WHERE strpos(concat(polqual, polwithcheck), '{SUBLINK ') > 0",
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
            2 => self.add_relation(row)?,
            3 => self.add_type(row)?,
            4 => {
                self.add_modified_type(
                    row.number("oid")?,
                    row.number("typmod")?,
                    row.text("name")?,
                );
            }
            5 => drop(
                self.collations
                    .insert(row.number("oid")?, row.text("name")?.into()),
            ),
            6 => drop(
                self.tablespaces
                    .insert(row.number("oid")?, row.text("name")?.into()),
            ),
            7 => self.add_opclass(row)?,
            8 => drop(
                self.access_methods
                    .insert(row.number("oid")?, row.text("name")?.into()),
            ),
            9 => {
                let catalog = Source::Catalog(Class(row.number("class")?));
                self.holding_queries.push((catalog, row.number("oid")?));
            }
            other => {
                return Err(RowError::new(
                    "",
                    format!("there is no query {other} of names"),
                ));
            }
        }
        Ok(())
    }

    /// Takes in that the database has one of these.
    pub fn add_source(&mut self, source: Source) {
        self.sources.insert(source);
    }

    /// Whether the database has one of these, if there are any to have.
    pub fn has_any(&self, sources: &[Source]) -> bool {
        sources.is_empty() || sources.iter().any(|source| self.sources.contains(source))
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
        let in_scope = oid >= FIRST_NORMAL_OID && self.scope.covers(&schema);
        let relation = Relation {
            schema,
            name: row.text("name")?.into(),
            kind: row.letter("relkind")?,
            in_scope,
            columns: Vec::new(),
        };
        if oid >= FIRST_NORMAL_OID {
            let source = Source::Relation(relation.kind);
            self.add_source(source);
            if matches!(relation.kind, 'v' | 'm') {
                self.holding_queries.push((source, oid));
            }
        }
        self.relations.insert(oid, relation);
        Ok(())
    }

    fn add_type(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        let oid = row.number("oid")?;
        let schema = row.number("typnamespace")?;
        let name = row.text("name")?;
        let name: Str = match self.schemas.get(&schema) {
            Some(_) if oid < FIRST_NORMAL_OID => name.into(),
            Some(schema) if **schema == *"pg_catalog" => ident(name).into(),
            Some(schema) => qualified(schema, name).into(),
            None => {
                return Err(RowError::new(
                    "typnamespace",
                    format!("schema {schema} is not in pg_namespace"),
                ));
            }
        };
        if oid >= FIRST_NORMAL_OID {
            self.add_source(Source::Type(row.letter("typtype")?));
        }
        let found = Type {
            name,
            schema,
            // The name that the server spelled has its brackets.
            element: if oid < FIRST_NORMAL_OID {
                0
            } else {
                row.number("element")?
            },
            base: row.number("base")?,
            collation: row.number("typcollation")?,
            storage: row.letter("typstorage")?,
        };
        self.types.insert(oid, found);
        Ok(())
    }

    /// Notes how the server spells a type with a modifier.
    pub fn add_modified_type(&mut self, oid: u32, typmod: i32, name: &str) {
        self.modified_types
            .entry((oid, typmod))
            .or_insert_with(|| name.into());
    }

    /// Notes a column of a relation.
    pub fn add_column(&mut self, relation: u32, attnum: i32, column: Attribute) {
        let relation = self.relations.get_mut(&relation);
        let (Some(relation), Some(place)) = (relation, column_place(attnum)) else {
            return;
        };
        let columns = &mut relation.columns;
        columns.resize(columns.len().max(place + 1), None);
        if let Some(free) = columns.get_mut(place) {
            *free = Some(column);
        }
    }

    /// Notes what was set on a column of an index; columns come in order.
    pub fn add_index_column(&mut self, index: u32, column: IndexColumn) {
        self.index_columns.entry(index).or_default().push(column);
    }

    /// Takes in a row of `pg_depend`: who is a member of an extension, and which column owns a sequence. Relations
    /// must be known.
    pub fn depends(&mut self, from: Key, to: Key, deptype: char) {
        if deptype == 'e' {
            self.members.insert((from.class, from.oid));
            if from.class == Class::CLASS
                && let Some(relation) = self.relations.get_mut(&from.oid)
            {
                relation.in_scope = false;
            }
            return;
        }
        if from.class != Class::CLASS || to.class != Class::CLASS || to.sub <= 0 || from.sub != 0 {
            return;
        }
        let identity = deptype == 'i';
        if matches!(deptype, 'a' | 'i')
            && self
                .relations
                .get(&from.oid)
                .is_some_and(|relation| relation.kind == 'S')
        {
            let (table, column) = (to.oid, to.sub);
            self.owners.insert(
                from.oid,
                SequenceOwner {
                    table,
                    column,
                    identity,
                },
            );
            if identity {
                self.identities.insert((table, column), from.oid);
            }
        }
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

    /// The OIDs of what holds a whole query and comes from one of `sources`, sorted: views, materialized views, rules, functions
    /// with a body of statements, policies with a subquery.
    pub fn holding_queries(&self, sources: &[Source]) -> Vec<u32> {
        let holding = self.holding_queries.iter();
        let holding = holding.filter(|(source, _)| sources.contains(source));
        let mut oids: Vec<u32> = holding.map(|(_, oid)| *oid).collect();
        oids.sort_unstable();
        oids
    }

    /// Any relation but temporary and TOAST tables.
    pub fn any_relation(&self, oid: u32) -> Option<&Relation> {
        self.relations.get(&oid)
    }

    /// A type as `format_type()` prints it; `typmod` is -1 for none.
    pub fn type_name(&self, oid: u32, typmod: i32) -> Result<Str, RowError> {
        let missing = || {
            RowError::new(
                "type",
                format!("type {oid} with modifier {typmod} is not in pg_type"),
            )
        };
        if typmod >= 0 {
            let name = self.modified_types.get(&(oid, typmod)).cloned();
            return name.ok_or_else(missing);
        }
        let found = self.types.get(&oid).ok_or_else(missing)?;
        if found.element == 0 {
            return Ok(found.name.clone());
        }
        Ok(format!("{}[]", self.type_name(found.element, -1)?).into())
    }

    /// A type.
    pub fn data_type(&self, oid: u32) -> Result<&Type, RowError> {
        self.types
            .get(&oid)
            .ok_or_else(|| RowError::new("type", format!("type {oid} is not in pg_type")))
    }

    /// All relations and types that somebody made, as addresses with their schemas.
    pub fn made(&self) -> impl Iterator<Item = (Key, &str)> {
        let relations = self.relations.iter();
        let relations =
            relations.map(|(&oid, relation)| (Key::new(Class::CLASS, oid), &*relation.schema));
        let types = self.types.iter().map(|(&oid, found)| {
            let schema = self.schemas.get(&found.schema).map_or("", |name| name);
            (Key::new(Class::TYPE, oid), schema)
        });
        relations
            .chain(types)
            .filter(|(key, _)| key.oid >= FIRST_NORMAL_OID)
    }

    /// A type as a column of it has to be declared: where nothing is said of the length of `character` or `bit`,
    /// it is 1, and only the internal name has none (`format_type_extended()` of `format_type.c`).
    pub fn column_type(&self, oid: u32, typmod: i32) -> Result<Str, RowError> {
        match (oid, typmod) {
            (1042, -1) => Ok("bpchar".into()),
            (1014, -1) => Ok("bpchar[]".into()),
            (1560, -1) => Ok("\"bit\"".into()),
            (1561, -1) => Ok("\"bit\"[]".into()),
            _ => self.type_name(oid, typmod),
        }
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
        let found = self.relations.get(&relation).zip(column_place(attnum));
        let column = found.and_then(|(found, place)| found.columns.get(place)?.as_ref());
        column.ok_or_else(|| {
            RowError::new(
                "attnum",
                format!("column {attnum} of relation {relation} is not in pg_attribute"),
            )
        })
    }

    /// What was set on the columns of an index.
    pub fn index_columns(&self, index: u32) -> &[IndexColumn] {
        self.index_columns.get(&index).map_or(&[], Vec::as_slice)
    }

    /// The column that owns a sequence.
    pub fn owner_of_sequence(&self, sequence: u32) -> Option<SequenceOwner> {
        self.owners.get(&sequence).copied()
    }

    /// The sequence of an identity column.
    pub fn identity_sequence(&self, table: u32, attnum: i32) -> Option<u32> {
        self.identities.get(&(table, attnum)).copied()
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
    pub fn base_type(&self, oid: u32) -> u32 {
        let mut base = oid;
        while let Some(next) = self.types.get(&base).map(|found| found.base)
            && next != 0
        {
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

/// Where a column is among those of its relation; `attnum` is a smallint, and from 1 for users' columns.
fn column_place(attnum: i32) -> Option<usize> {
    let place = attnum.checked_sub(1)?;
    u16::try_from(place).ok().map(usize::from)
}
