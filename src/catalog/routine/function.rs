//! Functions, window functions among them (`pg_proc`; manual: CREATE FUNCTION).

use serde::{Deserialize, Serialize};

use super::argument::{self, Argument};
use super::{Code, identity};
use crate::catalog::Catalog;
use crate::catalog::address::Class;
use crate::catalog::demand::Demand;
use crate::catalog::id::{Family, Id, Style};
use crate::catalog::kind::{Change, Found, Kind, Query, Source, Tag};
use crate::catalog::names::Names;
use crate::catalog::quote::qualified;
use crate::catalog::record::Neutral;
use crate::catalog::row::{Row, RowError};
use crate::catalog::step::Step;
use crate::catalog::type_::shell;
use crate::record;

record! {
    /// A function.
    pub struct Function {
        /// Its arguments, with the columns of the table that it returns.
        pub arguments: Vec<Argument>,
        /// The type of its result, as `format_type()` prints it.
        pub returns: String,
        /// Whether it returns a set.
        pub returns_set: bool,
        /// Whether it is a window function.
        pub window: bool,
        /// How its result depends on the world.
        pub volatility: Volatility,
        /// Whether NULL in means NULL out.
        pub strict: bool,
        /// Whether it reveals nothing of its arguments but by its result.
        pub leakproof: bool,
        /// Whether it may run in a parallel query.
        pub parallel: Parallel,
        /// Its cost in units of `cpu_operator_cost`; empty for the default of its language.
        pub cost: String,
        /// How many rows it returns; empty for the default.
        pub rows: String,
        /// Its planner support function.
        pub support: String,
        /// What it does.
        pub code: Code,
    }
}

/// `pg_proc.provolatile`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Volatility {
    /// Anything goes.
    #[default]
    Volatile,
    /// Its result is the same within a statement.
    Stable,
    /// Its result is always the same.
    Immutable,
}

impl Neutral for Volatility {}

/// `pg_proc.proparallel`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Parallel {
    /// Not in a parallel query.
    #[default]
    Unsafe,
    /// In the leader only.
    Restricted,
    /// Anywhere.
    Safe,
}

impl Neutral for Parallel {}

impl Parallel {
    pub(super) fn read(row: &Row<'_>) -> Result<Self, RowError> {
        match row.letter("proparallel")? {
            'u' => Ok(Self::Unsafe),
            'r' => Ok(Self::Restricted),
            's' => Ok(Self::Safe),
            other => Err(RowError::new("proparallel", format!("{other:?} is new"))),
        }
    }

    /// Its keyword, when it is not the default.
    pub(super) fn keyword(self) -> Option<&'static str> {
        match self {
            Self::Unsafe => None,
            Self::Restricted => Some("RESTRICTED"),
            Self::Safe => Some("SAFE"),
        }
    }
}

impl Volatility {
    fn read(row: &Row<'_>) -> Result<Self, RowError> {
        match row.letter("provolatile")? {
            'v' => Ok(Self::Volatile),
            's' => Ok(Self::Stable),
            'i' => Ok(Self::Immutable),
            other => Err(RowError::new("provolatile", format!("{other:?} is new"))),
        }
    }

    fn keyword(self) -> &'static str {
        match self {
            Self::Volatile => "VOLATILE",
            Self::Stable => "STABLE",
            Self::Immutable => "IMMUTABLE",
        }
    }
}

impl Kind for Function {
    const NAME: &'static str = "function";
    const LABEL: &'static str = "function";
    const KEYWORD: &'static str = "FUNCTION";
    const STYLE: Style = Style::Routine;
    const FAMILY: Family = Family::Routine;
    const TEXTS: &'static [&'static str] = &["default", "sql"];
    const ACL: Option<(char, &'static str)> = Some(('f', "FUNCTION"));
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Catalog(Class::PROC)];
    const QUERIES: &'static [Query] = super::queries!("'f', 'w'");

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let Some((id, key)) = identity(Tag::Function, row, names)? else {
            return Ok(None);
        };
        let arguments = argument::read(row, names)?;
        let window = row.letter("prokind")? == 'w';
        let returns = names.type_name(row.number("prorettype")?, -1)?;
        let returns_set = row.flag("proretset")?;
        let volatility = Volatility::read(row)?;
        let strict = row.flag("proisstrict")?;
        let leakproof = row.flag("proleakproof")?;
        let parallel = Parallel::read(row)?;
        let cost = row.text("procost")?;
        let rows = row.text("prorows")?;
        let support = row.text_or_empty("support")?.to_owned();
        let code = Code::read(row, names)?;
        let is_native = matches!(code.language.as_str(), "c" | "internal");
        let unless = |default: &str, value: &str| {
            if value == default {
                String::new()
            } else {
                value.to_owned()
            }
        };
        let body = Self {
            arguments,
            returns: returns.to_string(),
            returns_set,
            window,
            volatility,
            strict,
            leakproof,
            parallel,
            cost: unless(if is_native { "1" } else { "100" }, cost),
            rows: unless(if returns_set { "1000" } else { "0" }, rows),
            support,
            code,
        };
        Ok(Some(Found::new(id, key, body)))
    }

    fn create(&self, id: &Id, scene: &Catalog) -> Vec<Step> {
        let create = |function: &Self| Step::create(id, function.definition("CREATE", id));
        self.steps(create, id, scene)
    }

    fn newer(&self, _id: &Id, _scene: &Catalog) -> Vec<(u32, &'static str)> {
        self.code.newer()
    }

    /// The types of a signature may change as they like.
    fn goes_along(&self, _step: &Step) -> bool {
        !self.code.is_parsed(&self.arguments)
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP FUNCTION {}", id.sql()))
    }

    fn change(&self, new: &Self, id: &Id, scene: &Catalog) -> Change {
        let replaceable = argument::replaceable(&self.arguments, &new.arguments)
            && self.returns == new.returns
            && self.returns_set == new.returns_set
            && self.window == new.window;
        if !replaceable {
            return Change::Replace;
        }
        let replace =
            |function: &Self| Step::alter(id, function.definition("CREATE OR REPLACE", id));
        Change::InPlace(new.steps(replace, id, scene))
    }

    fn demands(&self, _id: &Id, version: u32) -> Vec<Demand> {
        self.code.demands(version)
    }

    fn rename(from: &Id, to: &Id) -> Option<Step> {
        super::rename(from, to)
    }

    fn needs_superuser(&self) -> bool {
        self.leakproof || matches!(self.code.language.as_str(), "c" | "internal")
    }
}

impl Function {
    /// The steps that define it, by way of an immutable one where something waits for that.
    fn steps(&self, define: impl Fn(&Self) -> Step, id: &Id, scene: &Catalog) -> Vec<Step> {
        let waiting = scene.wanted.before(id, scene);
        if waiting.is_empty() {
            return vec![shell::enough(define(self), scene)];
        }
        let immutable = Self {
            volatility: Volatility::Immutable,
            ..self.clone()
        };
        let word = self.volatility.keyword();
        let alter = Step::alter(id, format!("ALTER FUNCTION {} {word}", id.sql()));
        vec![
            shell::enough(define(&immutable), scene),
            alter.needing(waiting),
        ]
    }

    fn definition(&self, verb: &str, id: &Id) -> String {
        let Self {
            arguments,
            returns,
            returns_set,
            window,
            volatility,
            strict,
            leakproof,
            parallel,
            cost,
            rows,
            support,
            code,
        } = self;
        let result = argument::table(arguments).unwrap_or_else(|| {
            let set = if *returns_set { "SETOF " } else { "" };
            format!("{set}{returns}")
        });
        let flags = [
            (*window, " WINDOW"),
            (*volatility == Volatility::Stable, " STABLE"),
            (*volatility == Volatility::Immutable, " IMMUTABLE"),
            (*strict, " STRICT"),
            (*leakproof, " LEAKPROOF"),
        ];
        let mut options: String = flags
            .iter()
            .filter_map(|(is_set, keyword)| is_set.then_some(*keyword))
            .collect();
        let values = [
            (" PARALLEL ", parallel.keyword().unwrap_or_default()),
            (" COST ", cost),
            (" ROWS ", rows),
            (" SUPPORT ", support),
        ];
        for (keyword, value) in values {
            if !value.is_empty() {
                options.push_str(keyword);
                options.push_str(value);
            }
        }
        format!(
            "{verb} FUNCTION {}({})\n    RETURNS {result}{}",
            qualified(&id.schema, &id.name),
            argument::list(arguments),
            code.clauses(&options)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function() -> Function {
        Function {
            returns: "integer".to_owned(),
            code: Code {
                language: "sql".to_owned(),
                source: "SELECT 1".to_owned(),
                ..Code::default()
            },
            ..Function::default()
        }
    }

    fn id() -> Id {
        Id::routine(Tag::Function, "app", "F", "text")
    }

    #[test]
    fn everything_is_written() {
        let full = Function {
            arguments: vec![Argument {
                name: "a".to_owned(),
                type_name: "text".to_owned(),
                ..Argument::default()
            }],
            returns: "record".to_owned(),
            returns_set: true,
            window: true,
            volatility: Volatility::Stable,
            strict: true,
            leakproof: true,
            parallel: Parallel::Safe,
            cost: "5".to_owned(),
            rows: "7".to_owned(),
            support: "app.helper".to_owned(),
            code: Code {
                language: "plperlu".to_owned(),
                transforms: vec!["app.hstore".to_owned()],
                security_definer: true,
                settings: vec!["search_path=app".to_owned()],
                library: String::new(),
                source: "$$ it's".to_owned(),
                sql: String::new(),
            },
        };
        assert_eq!(
            full.create(&id(), &Catalog::default())[0].sql,
            "CREATE FUNCTION app.\"F\"(a text)\n    RETURNS SETOF record\n    \
             LANGUAGE plperlu TRANSFORM FOR TYPE app.hstore WINDOW STABLE STRICT LEAKPROOF PARALLEL SAFE \
             COST 5 ROWS 7 SUPPORT app.helper SECURITY DEFINER\n    \
             SET search_path TO 'app'\n    AS $snapback$$$ it's$snapback$"
        );
    }

    #[test]
    fn a_body_is_text_a_library_or_sql() {
        let with = |library: &str, sql: &str| Function {
            code: Code {
                library: library.to_owned(),
                sql: sql.to_owned(),
                ..function().code
            },
            ..function()
        };
        let last_line = |function: &Function| {
            let sql = function.definition("CREATE", &id());
            sql.lines().last().map(str::to_owned)
        };
        let last = last_line(&function());
        assert_eq!(last.as_deref(), Some("    AS $$SELECT 1$$"));
        let last = last_line(&with("$libdir/x", ""));
        assert_eq!(last.as_deref(), Some("    AS '$libdir/x', 'SELECT 1'"));
        let last = last_line(&with("", "RETURN 1"));
        assert_eq!(last.as_deref(), Some("    RETURN 1"));
    }

    #[test]
    fn it_is_replaced_in_place_while_its_result_is_the_same() {
        let strict = Function {
            strict: true,
            ..function()
        };
        let Change::InPlace(steps) = function().change(&strict, &id(), &Catalog::default()) else {
            panic!("it was to be dropped")
        };
        assert!(
            steps[0]
                .sql
                .starts_with("CREATE OR REPLACE FUNCTION app.\"F\"()")
        );
        let other = Function {
            returns: "bigint".to_owned(),
            ..function()
        };
        let change = function().change(&other, &id(), &Catalog::default());
        assert!(matches!(change, Change::Replace));
    }
}
