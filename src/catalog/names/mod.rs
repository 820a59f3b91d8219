//! Names behind OIDs: what every kind needs to resolve references on the client instead of joining on the
//! server.
//!
//! Filled once per snapshot, by what is in `fill`; pure data.

mod fill;
mod spelled;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Str;
use super::address::{Class, Key};
use super::kind::Source;
use super::row::RowError;
use super::scope::Scope;

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
    /// Whether it is a partition (`relispartition`).
    pub is_partition: bool,
    /// OID of its access method (`relam`), 0 for none.
    pub method: u32,
    /// OID of its tablespace (`reltablespace`), 0 for the database's own.
    pub tablespace: u32,
    /// Its storage parameters (`reloptions`), in the server's order.
    pub options: Vec<String>,
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
    /// The modifier of its type (`atttypmod`), -1 for none.
    pub modifier: i32,
    /// Whether it is generated.
    pub generated: bool,
    /// What was set on it, of a column of a view, which is no object of its own.
    pub set: Option<Box<ColumnSettings>>,
}

/// What can be set on a column of a view (`pg_attribute`).
#[derive(Clone, Debug, Default)]
pub struct ColumnSettings {
    /// Its statistics target, when it is not the server's default.
    pub statistics: Option<i32>,
    /// `attstorage`.
    pub storage: char,
    /// `attcompression`, when it is not the server's default.
    pub compression: Option<char>,
    /// `attoptions` (`name=value`).
    pub options: Vec<String>,
    /// The items of `attacl`.
    pub acl: Vec<String>,
}

/// A type (`pg_type`).
#[derive(Clone, Debug)]
pub struct Type {
    /// As `format_type()` prints it without a modifier; of an array, that of the element.
    name: Str,
    /// Whether it is an array.
    is_array: bool,
    /// OID of the type that it is a domain over, 0 for what is no domain.
    base: u32,
    /// OID of the collation that its columns have unless they say another, 0 for none.
    pub collation: u32,
    /// The storage (`typstorage`) that its columns have unless they say another.
    pub storage: char,
}

impl Type {
    /// The array type that comes with it: `CREATE TYPE` gives it the same collation.
    fn array(&self) -> Self {
        Self {
            name: self.name.clone(),
            is_array: true,
            base: 0,
            collation: self.collation,
            storage: 'x',
        }
    }
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
    comments: FxHashMap<Key, String>,
    made: Vec<Key>,
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
    /// An empty set of names for a server of this version.
    pub fn new(version: u32, scope: Scope) -> Self {
        Self {
            version,
            scope,
            ..Self::default()
        }
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
        if found.is_array {
            return Ok(format!("{}[]", found.name).into());
        }
        Ok(found.name.clone())
    }

    /// A type.
    pub fn data_type(&self, oid: u32) -> Result<&Type, RowError> {
        self.types
            .get(&oid)
            .ok_or_else(|| RowError::new("type", format!("type {oid} is not in pg_type")))
    }

    /// All relations in scope that somebody made, and types that are no row types and no arrays, as they came, members of
    /// extensions among them.
    pub fn made(&self) -> &[Key] {
        &self.made
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

    /// The comment on what is at an address.
    pub fn comment(&self, key: Key) -> Option<&str> {
        self.comments.get(&key).map(String::as_str)
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

    /// The columns of a relation, each with its `attnum`.
    pub fn columns(&self, relation: u32) -> impl Iterator<Item = (i32, &Attribute)> {
        let relation = self.relations.get(&relation);
        let columns = relation.map_or(&[][..], |relation| &relation.columns);
        let numbered = (1..).zip(columns);
        numbered.filter_map(|(attnum, column)| Some((attnum, column.as_ref()?)))
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

    /// Whether the database has one of these, if there are any to have.
    pub fn has_any(&self, sources: &[Source]) -> bool {
        sources.is_empty() || sources.iter().any(|source| self.sources.contains(source))
    }
}

/// Where a column is among those of its relation; `attnum` is a smallint, and from 1 for users' columns.
fn column_place(attnum: i32) -> Option<usize> {
    let place = attnum.checked_sub(1)?;
    u16::try_from(place).ok().map(usize::from)
}
