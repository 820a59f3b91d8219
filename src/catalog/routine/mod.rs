//! Functions, procedures and aggregates (`pg_proc`), a file per kind; here is what functions and procedures
//! share: their query, arguments, and code.
//!
//! Ids have the types of the input arguments as `format_type()` prints them: what a routine's identity is, and
//! what DDL needs to find it. A body in text is not parsed when the routine is made (plans run with
//! `check_function_bodies = off`); a body in SQL is, and then `pg_depend` knows what it uses.

pub mod aggregate;
pub mod argument;
pub mod function;
pub mod immutable;
pub mod procedure;
pub mod setting;

use argument::Argument;

use super::address::{Class, Key};
use super::demand::Demand;
use super::id::Id;
use super::kind::Tag;
use super::names::Names;
use super::quote::{dollar, ident, literal};
use super::row::{Row, RowError};
use super::settle::settle;
use super::step::Step;
use crate::record;

record! {
    /// What a function or procedure does.
    pub struct Code {
        /// Its language.
        pub language: String,
        /// The types whose transforms it uses.
        pub transforms: Vec<String>,
        /// Whether it runs with the rights of its owner.
        pub security_definer: bool,
        /// The settings that it runs with, as `pg_proc.proconfig` has them (`name=value`).
        pub settings: Vec<String>,
        /// The library of a function in C.
        pub library: String,
        /// Its body as text, or the symbol of a function in C or of the server itself.
        pub source: String,
        /// Its body as the server deparses it, when it is SQL that the server parsed (since version 14).
        pub sql: String,
    }
}

impl Code {
    /// Whether the server knows of anything that the routine uses, besides the types of its signature: it has parsed its
    /// body, or defaults of its arguments.
    fn is_parsed(&self, arguments: &[Argument]) -> bool {
        let has_default = |argument: &Argument| argument.default.is_some();
        !self.sql.is_empty() || arguments.iter().any(has_default)
    }

    fn newer(&self) -> Vec<(u32, &'static str)> {
        let has = !self.sql.is_empty();
        has.then_some((140_000, "a body in SQL"))
            .into_iter()
            .collect()
    }
}

/// All functions or procedures but constructors of range types, which come and go with the type, and members of
/// extensions. `$kinds` is a list of `prokind`; `$sql` the body in SQL.
macro_rules! query {
    ($kinds:literal, $sql:literal) => {
        concat!(
            "SELECT p.oid, p.pronamespace, p.proname, p.proargtypes, p.proallargtypes, p.proargmodes, p.proargnames, \
             CASE WHEN p.pronargdefaults > 0 THEN ARRAY( \
               SELECT coalesce(pg_get_function_arg_default(p.oid, n), '') \
               FROM generate_series(1, coalesce(cardinality(p.proallargtypes), p.pronargs)) n ORDER BY n) END AS defaults, \
             p.prokind, p.prorettype, p.proretset, p.provolatile, p.proisstrict, p.proleakproof, p.proparallel, \
             p.procost, p.prorows, nullif(p.prosupport::text, '-') AS support, \
             l.lanname, p.protrftypes, p.prosecdef, p.proconfig, p.probin, p.prosrc, ",
            $sql,
            " AS sql, p.proowner AS owner, p.proacl AS acl \
             FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang \
             WHERE p.oid BETWEEN {oids} AND p.prokind IN (",
            $kinds,
            ") AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid \
             AND d.deptype IN ('i', 'e'))"
        )
    };
}

/// The queries for `pg_proc` rows of these kinds.
macro_rules! queries {
    ($kinds:literal) => {
        &[
            crate::catalog::kind::Query {
                since: 0,
                sql: crate::catalog::routine::query!($kinds, "NULL"),
            },
            crate::catalog::kind::Query {
                since: 140_000,
                sql: crate::catalog::routine::query!(
                    $kinds,
                    "CASE WHEN p.prosqlbody IS NOT NULL THEN pg_get_function_sqlbody(p.oid) END"
                ),
            },
        ]
    };
}

pub(crate) use {queries, query};

/// The id and address of a routine; `None` when its schema is not covered.
fn identity(tag: Tag, row: &Row<'_>, names: &Names) -> Result<Option<(Id, Key)>, RowError> {
    let oid = row.number("oid")?;
    let Some(schema) = names.schema(row.number("pronamespace")?) else {
        return Ok(None);
    };
    let name = row.text("proname")?;
    let types = type_names(&row.numbers("proargtypes")?, names)?;
    let id = Id::routine(tag, schema, name, types.join(","));
    Ok(Some((id, Key::new(Class::PROC, oid))))
}

fn type_names(oids: &[u32], names: &Names) -> Result<Vec<String>, RowError> {
    oids.iter()
        .map(|&oid| Ok(names.type_name(oid, -1)?.to_string()))
        .collect()
}

fn rename(from: &Id, to: &Id) -> Option<Step> {
    let alike = from.kind == to.kind && from.schema == to.schema && from.args == to.args;
    alike.then(|| {
        let sql = format!("ALTER {} RENAME TO {}", from.address(), ident(&to.name));
        Step {
            frees: vec![from.clone()],
            makes: vec![to.clone()],
            ..Step::alter(from, sql)
        }
    })
}

impl Code {
    fn read(row: &Row<'_>, names: &Names) -> Result<Self, RowError> {
        Ok(Self {
            language: row.text("lanname")?.to_owned(),
            transforms: type_names(&row.numbers("protrftypes")?, names)?,
            security_definer: row.flag("prosecdef")?,
            settings: row.list("proconfig")?,
            library: row.text_or_empty("probin")?.to_owned(),
            source: row.text("prosrc")?.to_owned(),
            sql: settle(row.text_or_empty("sql")?),
        })
    }

    /// Each setting is checked when the routine is made.
    fn demands(&self, version: u32) -> Vec<Demand> {
        let names = self
            .settings
            .iter()
            .filter_map(|setting| setting.split_once('='));
        names
            .map(|(name, _)| Demand::parameter(name, version))
            .collect()
    }

    /// Everything after the signature of CREATE FUNCTION and CREATE PROCEDURE; `options` are those of functions.
    fn clauses(&self, options: &str) -> String {
        let Self {
            language,
            transforms,
            security_definer,
            settings,
            library,
            source,
            sql,
        } = self;
        let mut clauses = format!("\n    LANGUAGE {}", ident(language));
        if !transforms.is_empty() {
            let types: Vec<_> = transforms
                .iter()
                .map(|name| format!("FOR TYPE {name}"))
                .collect();
            clauses.push_str(" TRANSFORM ");
            clauses.push_str(&types.join(", "));
        }
        clauses.push_str(options);
        if *security_definer {
            clauses.push_str(" SECURITY DEFINER");
        }
        for setting in settings {
            clauses.push_str("\n    ");
            clauses.push_str(&setting::clause(setting));
        }
        let body = if !sql.is_empty() {
            sql.clone()
        } else if library.is_empty() {
            format!("AS {}", dollar(source))
        } else {
            format!("AS {}, {}", literal(library), literal(source))
        };
        clauses.push_str("\n    ");
        clauses.push_str(&body);
        clauses
    }
}
