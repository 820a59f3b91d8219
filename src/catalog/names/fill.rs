//! Where names come from: rows of the queries for them, of `pg_attribute` and of `pg_depend`.

use rustc_hash::FxHashMap;

use super::{
    Attribute, FIRST_NORMAL_OID, IndexColumn, Names, Opclass, Relation, SequenceOwner, Type,
    column_place, spelled,
};
use crate::catalog::Str;
use crate::catalog::address::{Class, Key};
use crate::catalog::kind::Source;
use crate::catalog::quote::qualified;
use crate::catalog::row::{Row, RowError};

impl Names {
    /// The queries that fill it, in the order of the numbers that [`Names::add`] takes: what is named by others
    /// comes before them. Members of extensions and owners of sequences come by [`Names::depends`], columns by
    /// [`Names::add_column`].
    ///
    /// Arrays come with what they are arrays of (`typarray`): nobody can make one, so what `array_in()` reads is one. The server
    /// spells types with a modifier only: the name of each row type costs more than all else of it.
    pub const QUERIES: &'static [&'static str] = &[
        "SELECT oid, rolname AS name FROM pg_roles",
        "SELECT oid, nspname AS name FROM pg_namespace",
        "SELECT oid, relnamespace, relname AS name, relkind, nullif(relispartition, false) AS relispartition, nullif(relam, 0) AS relam, \
         nullif(reltablespace, 0) AS reltablespace, reloptions FROM pg_class WHERE relpersistence <> 't' AND relkind <> 't'",
        "SELECT oid, typnamespace, typname AS name, nullif(typarray, 0) AS typarray, nullif(typrelid, 0) AS typrelid, typtype, \
         CASE WHEN typtype = 'd' THEN typbasetype END AS base, nullif(typtypmod, -1) AS typtypmod, \
         CASE WHEN typtype = 'd' AND typtypmod >= 0 THEN format_type(typbasetype, typtypmod) END AS modified, \
         nullif(typcollation, 0) AS typcollation, typstorage FROM pg_type WHERE typinput <> 'array_in'::regproc",
        "SELECT oid, collnamespace AS namespace, collname AS name FROM pg_collation",
        "SELECT oid, spcname AS name FROM pg_tablespace",
        "SELECT oid, opcnamespace AS namespace, opcname AS name, opcmethod, opcintype, opcdefault FROM pg_opclass",
        "SELECT oid, amname AS name FROM pg_am",
    ];

    /// Takes in one row of `QUERIES[query]`. Where that is of a row type: its address, and that of the relation that it goes along
    /// with.
    pub fn add(&mut self, query: usize, row: &Row<'_>) -> Result<Option<(Key, Key)>, RowError> {
        match query {
            0 => add_name(&mut self.roles, row)?,
            1 => add_name(&mut self.schemas, row)?,
            2 => self.add_relation(row)?,
            3 => return self.add_type(row),
            4 => self.add_collation(row)?,
            5 => add_name(&mut self.tablespaces, row)?,
            6 => self.add_opclass(row)?,
            7 => add_name(&mut self.access_methods, row)?,
            other => {
                return Err(RowError::new(
                    "",
                    format!("there is no query {other} of names"),
                ));
            }
        }
        Ok(None)
    }

    /// Takes in that the database has one of these.
    pub fn add_source(&mut self, source: Source) {
        self.sources.insert(source);
    }

    /// Takes in what of a source holds a whole query.
    pub fn add_holding_queries(&mut self, source: Source, oids: &[u32]) {
        let holding = oids.iter().map(|oid| (source, *oid));
        self.holding_queries.extend(holding);
    }

    fn add_relation(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        let oid = row.number("oid")?;
        let schema = self.schema_of(row, "relnamespace")?;
        let in_scope = oid >= FIRST_NORMAL_OID && self.scope.covers(&schema);
        let relation = Relation {
            schema,
            name: row.text("name")?.into(),
            kind: row.letter("relkind")?,
            in_scope,
            is_partition: row.opt("relispartition")?.is_some(),
            method: row.opt_number("relam")?.unwrap_or_default(),
            tablespace: row.opt_number("reltablespace")?.unwrap_or_default(),
            options: row.list("reloptions")?,
            columns: Vec::new(),
        };
        if oid >= FIRST_NORMAL_OID {
            let source = Source::Relation(relation.kind);
            self.add_source(source);
            if matches!(relation.kind, 'v' | 'm') {
                self.add_holding_queries(source, &[oid]);
            }
        }
        if in_scope {
            self.made.push(Key::new(Class::CLASS, oid));
        }
        self.relations.insert(oid, relation);
        Ok(())
    }

    fn add_type(&mut self, row: &Row<'_>) -> Result<Option<(Key, Key)>, RowError> {
        let oid = row.number("oid")?;
        let (schema, name) = (self.schema_of(row, "typnamespace")?, row.text("name")?);
        let (own, relation) = (Key::new(Class::TYPE, oid), row.opt_number("typrelid")?);
        if oid >= FIRST_NORMAL_OID {
            self.add_source(Source::Type(row.letter("typtype")?));
            if relation.is_none() && self.scope.covers(&schema) {
                self.made.push(own);
            }
        }
        let base = row.opt_number("base")?.unwrap_or_default();
        if let Some(modified) = row.opt("modified")? {
            self.add_modified_type(base, row.number("typtypmod")?, modified);
        }
        let found = Type {
            name: spelled::type_name(&schema, name),
            is_array: false,
            base,
            collation: row.opt_number("typcollation")?.unwrap_or_default(),
            storage: row.letter("typstorage")?,
        };
        if let Some(array) = row.opt_number("typarray")? {
            self.types.insert(array, found.array());
        }
        self.types.insert(oid, found);
        // A composite type is none, it has one.
        let has_rows = |oid: &u32| {
            self.relations
                .get(oid)
                .is_some_and(|found| found.kind != 'c')
        };
        let relation = relation
            .filter(|_| oid >= FIRST_NORMAL_OID)
            .filter(has_rows);
        Ok(relation.map(|relation| (own, Key::new(Class::CLASS, relation))))
    }

    fn add_collation(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        let schema = self.schema_of(row, "namespace")?;
        let name = qualified(&schema, row.text("name")?);
        self.collations.insert(row.number("oid")?, name.into());
        Ok(())
    }

    /// The name of the schema that a row is in.
    fn schema_of(&self, row: &Row<'_>, column: &'static str) -> Result<Str, RowError> {
        let namespace: u32 = row.number(column)?;
        let schema = self.schemas.get(&namespace).cloned();
        schema.ok_or_else(|| {
            RowError::new(column, format!("schema {namespace} is not in pg_namespace"))
        })
    }

    /// Notes how the server spells a type with a modifier.
    pub fn add_modified_type(&mut self, oid: u32, typmod: i32, name: &str) {
        self.modified_types
            .entry((oid, typmod))
            .or_insert_with(|| name.into());
    }

    /// Notes a comment.
    pub fn add_comment(&mut self, key: Key, comment: &str) {
        self.comments.insert(key, comment.to_owned());
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
        let schema = self.schema_of(row, "namespace")?;
        let opclass = Opclass {
            name: spelled::in_path(&schema, row.text("name")?),
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
}

/// Takes in a row that is nothing but a name.
fn add_name(names: &mut FxHashMap<u32, Str>, row: &Row<'_>) -> Result<(), RowError> {
    names.insert(row.number("oid")?, row.text("name")?.into());
    Ok(())
}
