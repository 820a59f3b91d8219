//! Where names come from: rows of the queries for them, of `pg_attribute` and of `pg_depend`.

use rustc_hash::FxHashMap;

use super::{
    Attribute, FIRST_NORMAL_OID, IndexColumn, Names, Opclass, Relation, SequenceOwner, Type,
    column_place,
};
use crate::catalog::Str;
use crate::catalog::address::{Class, Key};
use crate::catalog::kind::Source;
use crate::catalog::quote::{ident, qualified};
use crate::catalog::row::{Row, RowError};

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
        "SELECT oid, relnamespace, relname AS name, relkind, nullif(relispartition, false) AS relispartition, nullif(relam, 0) AS relam, \
         nullif(reltablespace, 0) AS reltablespace, reloptions FROM pg_class WHERE relpersistence <> 't' AND relkind <> 't'",
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

    /// Takes in one row of `QUERIES[query]`.
    pub fn add(&mut self, query: usize, row: &Row<'_>) -> Result<(), RowError> {
        match query {
            0 => add_name(&mut self.roles, row)?,
            1 => add_name(&mut self.schemas, row)?,
            2 => self.add_relation(row)?,
            3 => self.add_type(row)?,
            4 => {
                self.add_modified_type(
                    row.number("oid")?,
                    row.number("typmod")?,
                    row.text("name")?,
                );
            }
            5 => add_name(&mut self.collations, row)?,
            6 => add_name(&mut self.tablespaces, row)?,
            7 => self.add_opclass(row)?,
            8 => add_name(&mut self.access_methods, row)?,
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
                self.holding_queries.push((source, oid));
            }
        }
        if in_scope {
            self.made.push(Key::new(Class::CLASS, oid));
        }
        self.relations.insert(oid, relation);
        Ok(())
    }

    fn add_type(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        let oid = row.number("oid")?;
        let namespace = row.number("typnamespace")?;
        let name = row.text("name")?;
        let schema = self.schemas.get(&namespace);
        if oid >= FIRST_NORMAL_OID && schema.is_some_and(|schema| self.scope.covers(schema)) {
            self.made.push(Key::new(Class::TYPE, oid));
        }
        let name: Str = match schema {
            Some(_) if oid < FIRST_NORMAL_OID => name.into(),
            Some(schema) if **schema == *"pg_catalog" => ident(name).into(),
            Some(schema) => qualified(schema, name).into(),
            None => {
                return Err(RowError::new(
                    "typnamespace",
                    format!("schema {namespace} is not in pg_namespace"),
                ));
            }
        };
        if oid >= FIRST_NORMAL_OID {
            self.add_source(Source::Type(row.letter("typtype")?));
        }
        let found = Type {
            name,
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
}

/// Takes in a row that is nothing but a name.
fn add_name(names: &mut FxHashMap<u32, Str>, row: &Row<'_>) -> Result<(), RowError> {
    names.insert(row.number("oid")?, row.text("name")?.into());
    Ok(())
}
