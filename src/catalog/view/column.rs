//! Columns of views and materialized views (`pg_attribute`). They come from the query, so they are part of the
//! view; what can be set on them is changed here: default, comment, grants, and how values are stored.

use crate::catalog::id::Id;
use crate::catalog::meta::acl::{self, Grant};
use crate::catalog::meta::comment_on;
use crate::catalog::names::Names;
use crate::catalog::options;
use crate::catalog::quote::ident;
use crate::catalog::roles::RoleNames;
use crate::catalog::row::{Row, RowError, array};
use crate::catalog::settle::settle;
use crate::catalog::step::Step;
use crate::record;

record! {
    /// A column of a view.
    pub struct Column {
        /// Its name.
        pub name: String,
        /// Its type, as `format_type()` prints it.
        pub type_name: String,
        /// Its collation, qualified, when it is not that of the type.
        pub collation: String,
        /// The default that INSERT into the view uses.
        pub default: Option<String>,
        /// Its comment.
        pub comment: Option<String>,
        /// What is granted on it alone.
        pub acl: Option<Vec<Grant>>,
        /// Its statistics target, when it is not the default.
        pub statistics: Option<i32>,
        /// How it is stored, when it is not as its type says.
        pub storage: String,
        /// How it is compressed, when it is not by default.
        pub compression: String,
        /// Its attribute options (`n_distinct`).
        pub options: Vec<String>,
    }
}

/// The columns of the relation `c`, one row of arrays, found by its OID whatever the server thinks of how many there
/// are; `$compression` since version 14.
macro_rules! columns {
    ($compression:literal) => {
        concat!(
            "(SELECT array_agg(a.attname::text ORDER BY a.attnum) AS names, \
               array_agg(a.atttypid ORDER BY a.attnum) AS types, \
               array_agg(a.atttypmod ORDER BY a.attnum) AS modifiers, \
               array_agg(CASE WHEN a.attcollation <> y.typcollation THEN a.attcollation ELSE 0 END \
                         ORDER BY a.attnum) AS collations, \
               array_agg(coalesce(pg_get_expr(f.adbin, f.adrelid), '') ORDER BY a.attnum) AS defaults, \
               array_agg(coalesce(d.description, '') ORDER BY a.attnum) AS comments, \
               array_agg(coalesce(a.attacl::text, '') ORDER BY a.attnum) AS acls, \
               array_agg(coalesce(a.attstattarget, -1) ORDER BY a.attnum) AS statistics, \
               array_agg(CASE WHEN a.attstorage <> y.typstorage THEN a.attstorage::text ELSE '' END \
                         ORDER BY a.attnum) AS storages, \
               array_agg(",
            $compression,
            " ORDER BY a.attnum) AS compressions, \
               array_agg(coalesce(a.attoptions::text, '') ORDER BY a.attnum) AS attoptions \
             FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid \
               LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum \
               LEFT JOIN pg_description d ON d.objoid = a.attrelid AND d.classoid = 1259 AND d.objsubid = a.attnum \
             WHERE a.attrelid = c.oid AND a.attnum > 0)"
        )
    };
}

pub(super) use columns;

/// Reads the arrays of the `columns!` query.
pub(super) fn read(row: &Row<'_>, names: &Names) -> Result<Vec<Column>, RowError> {
    let types: Vec<u32> = row.numbers("types")?;
    let modifiers: Vec<i32> = row.numbers("modifiers")?;
    let collations: Vec<u32> = row.numbers("collations")?;
    let defaults = row.list("defaults")?;
    let comments = row.list("comments")?;
    let acls = row.list("acls")?;
    let statistics: Vec<i32> = row.numbers("statistics")?;
    let storages = row.list("storages")?;
    let compressions = row.list("compressions")?;
    let attoptions = row.list("attoptions")?;
    let text = |list: &[String], at: usize| list.get(at).cloned().unwrap_or_default();
    let set = |text: String| Some(text).filter(|text| !text.is_empty());
    row.list("names")?
        .into_iter()
        .enumerate()
        .map(|(at, name)| {
            let data_type = types.get(at).copied().unwrap_or_default();
            let modifier = modifiers.get(at).copied().unwrap_or(-1);
            let collation = collations.get(at).copied().unwrap_or_default();
            let acl = text(&acls, at);
            Ok(Column {
                name,
                type_name: names.column_type(data_type, modifier)?.to_string(),
                collation: names.collation(collation).unwrap_or_default().to_string(),
                default: set(settle(&text(&defaults, at))),
                comment: set(text(&comments, at)),
                acl: acl::read(&items("acls", &acl)?, acl.is_empty(), COLUMN, "", names)?,
                statistics: statistics.get(at).copied().filter(|&target| target >= 0),
                storage: storage(&text(&storages, at))?.to_owned(),
                compression: compression(&text(&compressions, at))?.to_owned(),
                options: items("attoptions", &text(&attoptions, at))?,
            })
        })
        .collect()
}

/// The letter of `acldefault()`: nothing is granted on a column by default.
const COLUMN: char = 'c';

/// The elements of an array inside an array; empty text is no element.
fn items(column: &str, text: &str) -> Result<Vec<String>, RowError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    array(text)
        .and_then(|items| items.into_iter().collect())
        .ok_or_else(|| RowError::new(column, format!("{text:?} is no array without NULL")))
}

fn storage(letter: &str) -> Result<&'static str, RowError> {
    match letter {
        "" => Ok(""),
        "p" => Ok("PLAIN"),
        "e" => Ok("EXTERNAL"),
        "m" => Ok("MAIN"),
        "x" => Ok("EXTENDED"),
        other => Err(RowError::new("attstorage", format!("{other:?} is new"))),
    }
}

fn compression(letter: &str) -> Result<&'static str, RowError> {
    match letter {
        "" => Ok(""),
        "p" => Ok("pglz"),
        "l" => Ok("lz4"),
        other => Err(RowError::new("attcompression", format!("{other:?} is new"))),
    }
}

/// Whether storage can be altered: there is no word for "as the type says" before version 16.
pub(super) fn can_set_storage(old: &[Column], new: &[Column]) -> bool {
    old.iter()
        .zip(new)
        .all(|(old, new)| old.storage == new.storage || !new.storage.is_empty())
}

/// Whether the query may stay or be replaced in place: `old` columns are the first of `new`.
pub(super) fn is_prefix(old: &[Column], new: &[Column]) -> bool {
    old.len() <= new.len() && old.iter().zip(new).all(|(old, new)| old.is_alike(new))
}

/// The steps that set on the columns of a new view what its query does not say.
pub(super) fn create(id: &Id, owner: &str, columns: &[Column]) -> Vec<Step> {
    let mut steps = Vec::new();
    // Were the owner given later, the server would take grants to and from the role that makes the view for
    // those of the new owner.
    if !owner.is_empty() && columns.iter().any(|column| column.acl.is_some()) {
        let sql = format!("ALTER {} OWNER TO {}", id.address(), ident(owner));
        steps.push(Step::alter(id, sql));
    }
    steps.extend(change(id, owner, &[], columns));
    steps
}

/// The steps that set on the columns of a view what its query does not say. `old` is shorter than `new` when
/// columns are new.
pub(super) fn change(id: &Id, owner: &str, old: &[Column], new: &[Column]) -> Vec<Step> {
    let mut steps = Vec::new();
    for (at, column) in new.iter().enumerate() {
        let neutral = Column::default();
        let before = old.get(at).unwrap_or(&neutral);
        column.set(id, owner, before, &mut steps);
    }
    steps
}

/// The roles that grants on the columns name.
pub(super) fn roles(columns: &[Column]) -> Vec<&str> {
    let grants = columns
        .iter()
        .filter_map(|column| column.acl.as_ref())
        .flatten();
    grants
        .flat_map(|grant| [grant.grantee.as_str(), grant.grantor.as_str()])
        .filter(|role| !role.is_empty())
        .collect()
}

/// Gives those roles other names.
pub(super) fn rename_roles(columns: &mut [Column], names: &RoleNames) {
    let lists = columns.iter_mut().filter_map(|column| column.acl.as_mut());
    for list in lists {
        acl::rename_roles(list, names);
    }
}

impl Column {
    /// Whether it is the same to the query and to those who use the view.
    fn is_alike(&self, other: &Self) -> bool {
        self.name == other.name
            && self.type_name == other.type_name
            && self.collation == other.collation
    }

    /// The column in a view that uses nothing.
    pub(super) fn stand_in(&self) -> String {
        let collate = if self.collation.is_empty() {
            String::new()
        } else {
            format!(" COLLATE {}", self.collation)
        };
        format!("NULL::{}{collate} AS {}", self.type_name, ident(&self.name))
    }

    fn set(&self, id: &Id, owner: &str, old: &Self, steps: &mut Vec<Step>) {
        let Self {
            name,
            type_name: _,
            collation: _,
            default,
            comment,
            acl,
            statistics,
            storage,
            compression,
            options,
        } = self;
        let mut alter = |what: String| {
            let address = id.address();
            let sql = format!("ALTER {address} ALTER COLUMN {} {what}", ident(name));
            steps.push(Step::alter(id, sql));
        };
        if *default != old.default {
            alter(match default {
                Some(expression) => format!("SET DEFAULT {expression}"),
                None => "DROP DEFAULT".to_owned(),
            });
        }
        if *statistics != old.statistics {
            alter(format!("SET STATISTICS {}", statistics.unwrap_or(-1)));
        }
        if *storage != old.storage {
            alter(format!("SET STORAGE {storage}"));
        }
        if *compression != old.compression {
            let method = if compression.is_empty() {
                "default"
            } else {
                compression
            };
            alter(format!("SET COMPRESSION {method}"));
        }
        for clause in options::change("", &old.options, options) {
            alter(clause);
        }
        if *comment != old.comment {
            let address = format!("COLUMN {}.{}", id.sql(), ident(name));
            steps.push(comment_on(id, &address, comment.as_deref()));
        }
        steps.extend(acl::change_column(
            id,
            name,
            owner,
            old.acl.as_deref(),
            acl.as_deref(),
        ));
    }
}
