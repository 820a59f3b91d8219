//! Columns of views and materialized views (`pg_attribute`). They come from the query, so they are part of the
//! view; what can be set on them is changed here: default, comment, grants, and how values are stored.

use std::collections::BTreeMap;

use crate::catalog::address::{Class, Key};
use crate::catalog::id::Id;
use crate::catalog::meta::acl::{self, Grant};
use crate::catalog::meta::comment_on;
use crate::catalog::names::{Attribute, Names};
use crate::catalog::options;
use crate::catalog::quote::ident;
use crate::catalog::roles::RoleNames;
use crate::catalog::row::{Row, RowError};
use crate::catalog::settle::settle;
use crate::catalog::step::{Lock, Step};
use crate::catalog::stored;
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

/// The SQL for the defaults of the columns of the relation `c`, joined to it: their `attnum`s, expressions and addresses. All else of
/// a column is in its own row.
macro_rules! defaults {
    () => {
        " LEFT JOIN LATERAL (SELECT array_agg(adnum ORDER BY adnum) AS with_default, array_agg(pg_get_expr(adbin, adrelid) ORDER BY adnum) AS defaults, \
         array_agg(oid) AS attrdefs FROM pg_attrdef WHERE adrelid = c.oid) d ON true"
    };
}

pub(super) use defaults;

/// The addresses of the defaults, which are parts of the view.
pub(super) fn default_keys(row: &Row<'_>) -> Result<impl Iterator<Item = Key>, RowError> {
    let oids = row.numbers("attrdefs")?.into_iter();
    Ok(oids.map(|oid| Key::new(Class::ATTRDEF, oid)))
}

/// The columns of a view, whose row has its `defaults!` if it can have some.
pub(super) fn read(row: &Row<'_>, oid: u32, names: &Names) -> Result<Vec<Column>, RowError> {
    let mut defaults = BTreeMap::new();
    if row.has("with_default") {
        let with_default = row.numbers::<i32>("with_default")?.into_iter();
        defaults.extend(with_default.zip(row.list("defaults")?));
    }
    let columns = names.columns(oid).map(|(attnum, attribute)| {
        let key = Key::column(oid, attnum);
        let default = defaults.remove(&attnum);
        read_column(attribute, default, names.comment(key), names)
    });
    columns.collect()
}

fn read_column(
    attribute: &Attribute,
    default: Option<String>,
    comment: Option<&str>,
    names: &Names,
) -> Result<Column, RowError> {
    let data_type = names.data_type(attribute.data_type)?;
    let collation = Some(attribute.collation).filter(|oid| *oid != data_type.collation);
    let set = attribute.set.as_deref().cloned().unwrap_or_default();
    let type_name = names.column_type(attribute.data_type, attribute.modifier)?;
    Ok(Column {
        name: attribute.name.to_string(),
        type_name: type_name.to_string(),
        collation: collation
            .and_then(|oid| names.collation(oid))
            .unwrap_or_default()
            .to_string(),
        default: default.map(|default| settle(&default)),
        comment: comment.map(str::to_owned),
        acl: acl::read(&set.acl, set.acl.is_empty(), COLUMN, "", names)?,
        statistics: set.statistics,
        storage: stored::storage(set.storage, data_type.storage)?.to_string(),
        compression: stored::compression(set.compression)?.to_string(),
        options: set.options,
    })
}

/// The letter of `acldefault()`: nothing is granted on a column by default.
const COLUMN: char = 'c';

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
            steps.push(Step::alter(id, sql).lock(Lock::AccessExclusive));
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
