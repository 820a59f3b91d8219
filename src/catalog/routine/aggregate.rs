//! Aggregates: ordinary, ordered-set, hypothetical-set, with a moving form (`pg_aggregate`; manual: CREATE
//! AGGREGATE).
//!
//! ALTER and the like know aggregates as routines: `AGGREGATE` would want `*` for no arguments and `ORDER BY`
//! between them, which the id does not have.

use serde::{Deserialize, Serialize};

use super::function::Parallel;
use super::identity;
use crate::catalog::Catalog;
use crate::catalog::address::Class;
use crate::catalog::id::{Family, Id, Style};
use crate::catalog::kind::{Change, Found, Kind, Query, Source, Tag};
use crate::catalog::names::Names;
use crate::catalog::quote::{literal, qualified};
use crate::catalog::record::Neutral;
use crate::catalog::row::{Row, RowError};
use crate::catalog::step::Step;
use crate::record;

record! {
    /// An aggregate.
    pub struct Aggregate {
        /// Its arguments as the server prints them; empty for `*`.
        pub arguments: String,
        /// The type of its result, as `format_type()` prints it.
        pub returns: String,
        /// How it takes its arguments.
        pub form: Form,
        /// How its state is made and finished.
        pub state: State,
        /// The same for moving aggregation, when it has it.
        pub moving: Option<State>,
        /// The function that combines two states.
        pub combine: String,
        /// The function that writes a state down.
        pub serialize: String,
        /// The function that reads it back.
        pub deserialize: String,
        /// The operator whose first value it is (as for `min` and `max`), in `OPERATOR(..)` form.
        pub sort_operator: String,
        /// Whether it may run in a parallel query.
        pub parallel: Parallel,
    }
}

record! {
    /// A state of an aggregate and the functions around it.
    pub struct State {
        /// The function that takes in a row.
        pub function: String,
        /// The function that takes a row out again (moving aggregation only).
        pub inverse: String,
        /// The type of the state, as `format_type()` prints it.
        pub type_name: String,
        /// Its size in bytes, as the planner guesses it; 0 for the type's own.
        pub space: u32,
        /// The state before the first row.
        pub initial: Option<String>,
        /// The function that makes the result.
        pub final_function: String,
        /// Whether that one is given the arguments too.
        pub final_extra: bool,
        /// What that one may do to the state; empty for the default of the form.
        pub final_modify: String,
    }
}

/// `pg_aggregate.aggkind`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// An ordinary one.
    #[default]
    Normal,
    /// `f(..) WITHIN GROUP (ORDER BY ..)`.
    OrderedSet,
    /// The same, with arguments that stand for a row.
    Hypothetical,
}

impl Neutral for Form {}

impl Kind for Aggregate {
    const NAME: &'static str = "aggregate";
    const LABEL: &'static str = "aggregate";
    const KEYWORD: &'static str = "ROUTINE";
    const STYLE: Style = Style::Routine;
    const FAMILY: Family = Family::Routine;
    const ACL: Option<(char, &'static str)> = Some(('f', "ROUTINE"));
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Catalog(Class::PROC)];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "SELECT p.oid, p.pronamespace, p.proname, p.proargtypes, pg_get_function_arguments(p.oid) AS arguments, \
              p.prorettype, a.aggkind, a.aggtransfn::text, '' AS no_inverse, a.aggtranstype, a.aggtransspace, \
              a.agginitval, a.aggfinalfn::text, a.aggfinalextra, a.aggfinalmodify, \
              a.aggmtransfn::text, a.aggminvtransfn::text, a.aggmtranstype, a.aggmtransspace, \
              a.aggminitval, a.aggmfinalfn::text, a.aggmfinalextra, a.aggmfinalmodify, \
              a.aggcombinefn::text, a.aggserialfn::text, a.aggdeserialfn::text, \
              'OPERATOR(' || quote_ident(n.nspname) || '.' || o.oprname || ')' AS sort_operator, p.proparallel, \
              p.proowner AS owner, p.proacl AS acl \
              FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid \
              LEFT JOIN pg_operator o ON o.oid = a.aggsortop LEFT JOIN pg_namespace n ON n.oid = o.oprnamespace \
              WHERE p.oid >= 16384",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let Some((id, key)) = identity(Tag::Aggregate, row, names)? else {
            return Ok(None);
        };
        let arguments = row.text("arguments")?.to_owned();
        let returns = names.type_name(row.number("prorettype")?, -1)?.to_string();
        let form = match row.letter("aggkind")? {
            'n' => Form::Normal,
            'o' => Form::OrderedSet,
            'h' => Form::Hypothetical,
            other => return Err(RowError::new("aggkind", format!("{other:?} is new"))),
        };
        let state = State::read(row, &PLAIN, form, names)?.unwrap_or_default();
        let moving = State::read(row, &MOVING, form, names)?;
        let body = Self {
            arguments,
            returns,
            form,
            state,
            moving,
            combine: function(row, "aggcombinefn")?,
            serialize: function(row, "aggserialfn")?,
            deserialize: function(row, "aggdeserialfn")?,
            sort_operator: row.text_or_empty("sort_operator")?.to_owned(),
            parallel: Parallel::read(row)?,
        };
        Ok(Some(Found::new(id, key, body)))
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        vec![Step::create(id, self.definition("CREATE", id))]
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP ROUTINE {}", id.sql()))
    }

    fn change(&self, new: &Self, id: &Id, _scene: &Catalog) -> Change {
        let replaceable =
            self.arguments == new.arguments && self.returns == new.returns && self.form == new.form;
        if !replaceable {
            return Change::Replace;
        }
        let sql = new.definition("CREATE OR REPLACE", id);
        Change::InPlace(vec![Step::alter(id, sql)])
    }

    fn rename(from: &Id, to: &Id) -> Option<Step> {
        super::rename(from, to)
    }
}

/// Where a query has a state: the function, its inverse, type, space, initial value, and the final function
/// with its two flags.
type Columns = [&'static str; 8];

const PLAIN: Columns = [
    "aggtransfn",
    "no_inverse",
    "aggtranstype",
    "aggtransspace",
    "agginitval",
    "aggfinalfn",
    "aggfinalextra",
    "aggfinalmodify",
];

const MOVING: Columns = [
    "aggmtransfn",
    "aggminvtransfn",
    "aggmtranstype",
    "aggmtransspace",
    "aggminitval",
    "aggmfinalfn",
    "aggmfinalextra",
    "aggmfinalmodify",
];

/// A `regproc`; empty for none.
fn function(row: &Row<'_>, column: &'static str) -> Result<String, RowError> {
    let text = row.text(column)?;
    Ok(if text == "-" { "" } else { text }.to_owned())
}

impl State {
    fn read(
        row: &Row<'_>,
        columns: &Columns,
        form: Form,
        names: &Names,
    ) -> Result<Option<Self>, RowError> {
        let [
            transition,
            inverse,
            type_name,
            space,
            initial,
            final_function,
            final_extra,
            final_modify,
        ] = columns;
        let transition = function(row, transition)?;
        if transition.is_empty() {
            return Ok(None);
        }
        let is_normal = form == Form::Normal;
        Ok(Some(Self {
            function: transition,
            inverse: function(row, inverse)?,
            type_name: names.type_name(row.number(type_name)?, -1)?.to_string(),
            space: row.number(space)?,
            initial: row.opt(initial)?.map(str::to_owned),
            final_function: function(row, final_function)?,
            final_extra: row.flag(final_extra)?,
            final_modify: match row.letter(final_modify)? {
                'r' if is_normal => "",
                'w' if !is_normal => "",
                'r' => "READ_ONLY",
                's' => "SHAREABLE",
                _ => "READ_WRITE",
            }
            .to_owned(),
        }))
    }

    /// The options of CREATE AGGREGATE; `prefix` is `M` for moving aggregation.
    fn options(&self, prefix: &str) -> Vec<String> {
        let Self {
            function,
            inverse,
            type_name,
            space,
            initial,
            final_function,
            final_extra,
            final_modify,
        } = self;
        let space = if *space == 0 {
            String::new()
        } else {
            space.to_string()
        };
        let initial = initial.as_deref().map(literal).unwrap_or_default();
        let values = [
            ("SFUNC", function),
            ("INVFUNC", inverse),
            ("STYPE", type_name),
            ("SSPACE", &space),
            ("INITCOND", &initial),
            ("FINALFUNC", final_function),
            ("FINALFUNC_MODIFY", final_modify),
        ];
        let mut options = list(&values, prefix);
        if *final_extra {
            options.push(format!("{prefix}FINALFUNC_EXTRA"));
        }
        options
    }
}

fn list(values: &[(&str, &String)], prefix: &str) -> Vec<String> {
    values
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{prefix}{name} = {value}"))
        .collect()
}

impl Aggregate {
    fn definition(&self, verb: &str, id: &Id) -> String {
        let Self {
            arguments,
            returns: _,
            form,
            state,
            moving,
            combine,
            serialize,
            deserialize,
            sort_operator,
            parallel,
        } = self;
        let mut options = state.options("");
        let values = [
            ("COMBINEFUNC", combine),
            ("SERIALFUNC", serialize),
            ("DESERIALFUNC", deserialize),
            ("SORTOP", sort_operator),
        ];
        options.extend(list(&values, ""));
        if let Some(moving) = moving {
            options.extend(moving.options("M"));
        }
        if *form == Form::Hypothetical {
            options.push("HYPOTHETICAL".to_owned());
        }
        if let Some(keyword) = parallel.keyword() {
            options.push(format!("PARALLEL = {keyword}"));
        }
        let arguments = if arguments.is_empty() { "*" } else { arguments };
        format!(
            "{verb} AGGREGATE {}({arguments}) (\n    {}\n)",
            qualified(&id.schema, &id.name),
            options.join(",\n    ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_set_is_written() {
        let id = Id::routine(Tag::Aggregate, "app", "Count", "");
        let state = State {
            function: "int8inc".to_owned(),
            type_name: "bigint".to_owned(),
            initial: Some("0".to_owned()),
            ..State::default()
        };
        let aggregate = Aggregate {
            returns: "bigint".to_owned(),
            moving: Some(State {
                inverse: "int8dec".to_owned(),
                final_function: "app.done".to_owned(),
                final_extra: true,
                ..state.clone()
            }),
            state,
            sort_operator: "OPERATOR(pg_catalog.<)".to_owned(),
            parallel: Parallel::Safe,
            ..Aggregate::default()
        };
        assert_eq!(
            aggregate.create(&id, &Catalog::default())[0].sql,
            "CREATE AGGREGATE app.\"Count\"(*) (\n    SFUNC = int8inc,\n    STYPE = bigint,\n    INITCOND = '0',\n    \
             SORTOP = OPERATOR(pg_catalog.<),\n    MSFUNC = int8inc,\n    MINVFUNC = int8dec,\n    MSTYPE = bigint,\n    \
             MINITCOND = '0',\n    MFINALFUNC = app.done,\n    MFINALFUNC_EXTRA,\n    PARALLEL = SAFE\n)"
        );
        assert_eq!(aggregate.drop(&id).sql, "DROP ROUTINE app.\"Count\"()");
    }
}
