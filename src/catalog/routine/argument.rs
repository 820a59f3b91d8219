//! Arguments of functions and procedures (`pg_proc.proargmodes` and its neighbours), and which of their changes
//! `CREATE OR REPLACE` allows (`ProcedureCreate()` of `src/backend/catalog/pg_proc.c`).

use serde::{Deserialize, Serialize};

use super::type_names;
use crate::catalog::names::Names;
use crate::catalog::quote;
use crate::catalog::record::Neutral;
use crate::catalog::row::{Row, RowError};
use crate::catalog::settle::settle;
use crate::record;

record! {
    /// An argument, or a column of the table that a function returns.
    pub struct Argument {
        /// Its direction.
        pub mode: Mode,
        /// Its name; may be empty.
        pub name: String,
        /// Its type, as `format_type()` prints it.
        pub type_name: String,
        /// Its default expression.
        pub default: Option<String>,
    }
}

/// The direction of an argument (`pg_proc.proargmodes`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Goes in.
    #[default]
    In,
    /// Comes out.
    Out,
    /// Goes in and comes out.
    InOut,
    /// All that remain go in, as an array.
    Variadic,
    /// Is a column of the result.
    Table,
}

impl Neutral for Mode {}

impl Mode {
    fn keyword(self) -> &'static str {
        match self {
            Self::In | Self::Table => "",
            Self::Out => "OUT ",
            Self::InOut => "INOUT ",
            Self::Variadic => "VARIADIC ",
        }
    }

    fn comes_out(self) -> bool {
        match self {
            Self::In | Self::Variadic => false,
            Self::Out | Self::InOut | Self::Table => true,
        }
    }
}

/// The arguments in a row of the query for functions and procedures.
pub(super) fn read(row: &Row<'_>, names: &Names) -> Result<Vec<Argument>, RowError> {
    let inputs: Vec<u32> = row.numbers("proargtypes")?;
    let all: Vec<u32> = row.numbers("proallargtypes")?;
    let modes = row.list("proargmodes")?;
    let own_names = row.list("proargnames")?;
    let defaults = row.list("defaults")?;
    let types = type_names(if all.is_empty() { &inputs } else { &all }, names)?;
    let text = |list: &[String], at: usize| list.get(at).cloned().unwrap_or_default();
    types
        .into_iter()
        .enumerate()
        .map(|(at, type_name)| {
            Ok(Argument {
                mode: mode(&text(&modes, at))?,
                name: text(&own_names, at),
                type_name,
                default: Some(settle(&text(&defaults, at))).filter(|default| !default.is_empty()),
            })
        })
        .collect()
}

fn mode(letter: &str) -> Result<Mode, RowError> {
    match letter {
        "" | "i" => Ok(Mode::In),
        "o" => Ok(Mode::Out),
        "b" => Ok(Mode::InOut),
        "v" => Ok(Mode::Variadic),
        "t" => Ok(Mode::Table),
        other => Err(RowError::new(
            "proargmodes",
            format!("{other:?} is no mode of an argument"),
        )),
    }
}

/// The arguments between the parentheses of a signature.
pub(super) fn list(arguments: &[Argument]) -> String {
    let items = arguments
        .iter()
        .filter(|argument| argument.mode != Mode::Table)
        .map(Argument::sql);
    items.collect::<Vec<_>>().join(", ")
}

/// `TABLE(..)` when the result is a table.
pub(super) fn table(arguments: &[Argument]) -> Option<String> {
    let columns: Vec<_> = arguments
        .iter()
        .filter(|argument| argument.mode == Mode::Table)
        .map(Argument::sql)
        .collect();
    (!columns.is_empty()).then(|| format!("TABLE({})", columns.join(", ")))
}

impl Argument {
    fn sql(&self) -> String {
        let Self {
            mode,
            name,
            type_name,
            default,
        } = self;
        let mut sql = mode.keyword().to_owned();
        if !name.is_empty() {
            sql.push_str(&quote::argument(name));
            sql.push(' ');
        }
        sql.push_str(type_name);
        if let Some(default) = default {
            sql.push_str(" DEFAULT ");
            sql.push_str(default);
        }
        sql
    }

    /// Whether `CREATE OR REPLACE` takes `new` in its place.
    fn can_become(&self, new: &Self) -> bool {
        let Self {
            mode,
            name,
            type_name,
            default,
        } = new;
        let named = *name == self.name || (self.name.is_empty() && !mode.comes_out());
        // The default of a polymorphic argument has a type of its own, which must not change.
        let polymorphic = type_name.starts_with("any");
        let defaulted = match (&self.default, default) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(old), Some(new)) => !polymorphic || old == new,
        };
        *mode == self.mode && *type_name == self.type_name && named && defaulted
    }
}

/// Whether `CREATE OR REPLACE` can bring the one list to the other.
pub(super) fn replaceable(old: &[Argument], new: &[Argument]) -> bool {
    old.len() == new.len() && old.iter().zip(new).all(|(old, new)| old.can_become(new))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argument(mode: Mode, name: &str, type_name: &str, default: Option<&str>) -> Argument {
        Argument {
            mode,
            name: name.to_owned(),
            type_name: type_name.to_owned(),
            default: default.map(str::to_owned),
        }
    }

    #[test]
    fn signatures() {
        let arguments = [
            argument(Mode::In, "", "text", None),
            argument(Mode::InOut, "A b", "integer", None),
            argument(Mode::Variadic, "rest", "integer[]", Some("'{}'::integer[]")),
            argument(Mode::Table, "select", "text", None),
        ];
        assert_eq!(
            list(&arguments),
            "text, INOUT \"A b\" integer, VARIADIC rest integer[] DEFAULT '{}'::integer[]"
        );
        assert_eq!(table(&arguments).as_deref(), Some("TABLE(\"select\" text)"));
        assert_eq!(table(&arguments[..3]), None);
    }

    #[test]
    fn what_the_server_lets_be_replaced() {
        let one = |mode, name, default| [argument(mode, name, "integer", default)];
        let plain = one(Mode::In, "", None);
        assert!(replaceable(&plain, &one(Mode::In, "a", Some("1"))));
        assert!(!replaceable(
            &one(Mode::In, "a", None),
            &one(Mode::In, "b", None)
        ));
        assert!(!replaceable(
            &one(Mode::In, "a", Some("1")),
            &one(Mode::In, "a", None)
        ));
        assert!(!replaceable(
            &one(Mode::Out, "", None),
            &one(Mode::Out, "a", None)
        ));
        assert!(!replaceable(&plain, &[]));
        let any = |default| [argument(Mode::In, "", "anyelement", Some(default))];
        assert!(!replaceable(&any("1"), &any("'x'::text")));
    }
}
