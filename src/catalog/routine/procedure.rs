//! Procedures (`pg_proc`; manual: CREATE PROCEDURE).

use super::argument::{self, Argument};
use super::{Code, identity};
use crate::catalog::Catalog;
use crate::catalog::address::Class;
use crate::catalog::demand::Demand;
use crate::catalog::id::{Family, Id, Style};
use crate::catalog::kind::{Change, Found, Kind, Query, Source, Tag};
use crate::catalog::names::Names;
use crate::catalog::quote::qualified;
use crate::catalog::row::{Row, RowError};
use crate::catalog::step::Step;
use crate::record;

record! {
    /// A procedure.
    pub struct Procedure {
        /// Its arguments.
        pub arguments: Vec<Argument>,
        /// What it does.
        pub code: Code,
    }
}

impl Kind for Procedure {
    const NAME: &'static str = "procedure";
    const LABEL: &'static str = "procedure";
    const KEYWORD: &'static str = "PROCEDURE";
    const STYLE: Style = Style::Routine;
    const FAMILY: Family = Family::Routine;
    const TEXTS: &'static [&'static str] = &["default", "sql"];
    const ACL: Option<(char, &'static str)> = Some(('f', "PROCEDURE"));
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Catalog(Class::PROC)];
    const QUERIES: &'static [Query] = super::queries!("'p'");

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let Some((id, key)) = identity(Tag::Procedure, row, names)? else {
            return Ok(None);
        };
        Ok(Some(Found::new(
            id,
            key,
            Self {
                arguments: argument::read(row, names)?,
                code: Code::read(row, names)?,
            },
        )))
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        vec![Step::create(id, self.definition("CREATE", id))]
    }

    fn newer(&self, _id: &Id, _scene: &Catalog) -> Vec<(u32, &'static str)> {
        let mut newer = self.code.newer();
        if self
            .arguments
            .iter()
            .any(|argument| argument.mode == argument::Mode::Out)
        {
            newer.push((140_000, "an OUT argument of a procedure"));
        }
        newer
    }

    /// The types of a signature may change as they like.
    fn goes_along(&self, _step: &Step) -> bool {
        !self.code.is_parsed(&self.arguments)
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP PROCEDURE {}", id.sql()))
    }

    fn change(&self, new: &Self, id: &Id, _scene: &Catalog) -> Change {
        if !argument::replaceable(&self.arguments, &new.arguments) {
            return Change::Replace;
        }
        let sql = new.definition("CREATE OR REPLACE", id);
        Change::InPlace(vec![Step::alter(id, sql)])
    }

    fn demands(&self, _id: &Id, version: u32) -> Vec<Demand> {
        self.code.demands(version)
    }

    fn rename(from: &Id, to: &Id) -> Option<Step> {
        super::rename(from, to)
    }
}

impl Procedure {
    fn definition(&self, verb: &str, id: &Id) -> String {
        let Self { arguments, code } = self;
        format!(
            "{verb} PROCEDURE {}({}){}",
            qualified(&id.schema, &id.name),
            argument::list(arguments),
            code.clauses("")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::argument::Mode;
    use super::*;

    #[test]
    fn it_has_arguments_and_code() {
        let id = Id::routine(Tag::Procedure, "app", "P", "integer");
        let procedure = Procedure {
            arguments: vec![Argument {
                mode: Mode::InOut,
                name: "n".to_owned(),
                type_name: "integer".to_owned(),
                default: None,
            }],
            code: Code {
                language: "plpgsql".to_owned(),
                source: "BEGIN END".to_owned(),
                ..Code::default()
            },
        };
        assert_eq!(
            procedure.create(&id, &Catalog::default())[0].sql,
            "CREATE PROCEDURE app.\"P\"(INOUT n integer)\n    LANGUAGE plpgsql\n    AS $$BEGIN END$$"
        );
        assert_eq!(procedure.drop(&id).sql, "DROP PROCEDURE app.\"P\"(integer)");
    }
}
