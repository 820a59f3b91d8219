//! Shell types (`pg_type` with `typisdefined` false; manual: CREATE TYPE name): a name that functions can be
//! declared with before the type that they make up is there.
//!
//! A base type and its input function need each other, and so do a range type and its canonical function. The
//! name comes first, then the functions, which wait for nothing more of the type, then the definition.

use crate::catalog::Catalog;
use crate::catalog::address::{Class, Key};
use crate::catalog::id::{Family, Id, Style};
use crate::catalog::kind::{Change, Found, Kind, Query, Source, Tag};
use crate::catalog::names::Names;
use crate::catalog::row::{Row, RowError};
use crate::catalog::step::Step;
use crate::record;

record! {
    /// A shell type that was never defined.
    pub struct Shell {}
}

impl Kind for Shell {
    const NAME: &'static str = "type";
    const LABEL: &'static str = "shell type";
    const KEYWORD: &'static str = "TYPE";
    const STYLE: Style = Style::Qualified;
    const FAMILY: Family = Family::Type;
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Type('p')];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "SELECT oid, typnamespace, typname, typowner AS owner FROM pg_type \
              WHERE NOT typisdefined AND oid >= 16384",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let Some(schema) = names.schema(row.number("typnamespace")?) else {
            return Ok(None);
        };
        Ok(Some(Found::new(
            Id::in_schema(Tag::Shell, schema, row.text("typname")?),
            Key::new(Class::TYPE, oid),
            Self {},
        )))
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        let Self {} = self;
        vec![Step::create(id, format!("CREATE TYPE {}", id.sql()))]
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP TYPE {}", id.sql()))
    }

    fn change(&self, new: &Self, _id: &Id, _scene: &Catalog) -> Change {
        let Self {} = new;
        Change::InPlace(Vec::new())
    }

    fn needs_superuser(&self) -> bool {
        true
    }
}

/// The steps of a type whose functions need it: its name, for which it needs its schema alone, then its
/// definition.
pub(super) fn first(id: &Id, definition: String, scene: &Catalog) -> Vec<Step> {
    let uses = scene.edges(id).map(|edge| edge.to.clone());
    let name = Step {
        makes: vec![name_of(id)],
        ..Step::alter(id, format!("CREATE TYPE {}", id.sql()))
    };
    vec![
        name.deferring(uses.filter(|used| used.kind != Tag::Schema)),
        Step::create(id, definition),
    ]
}

/// The step of a function, waiting only for the names of the types that it makes up.
pub(in crate::catalog) fn enough(step: Step, scene: &Catalog) -> Step {
    let uses = scene.edges(&step.subject).map(|edge| edge.to);
    let made_of_it = |used: &&Id| {
        let mut parts = scene.edges(used);
        used.kind.family() == Family::Type && parts.any(|edge| *edge.to == step.subject)
    };
    let types: Vec<Id> = uses.filter(made_of_it).cloned().collect();
    let names: Vec<Id> = types.iter().map(name_of).collect();
    step.needing(names).deferring(types)
}

/// The shell of a type.
fn name_of(id: &Id) -> Id {
    Id {
        kind: Tag::Shell,
        ..id.clone()
    }
}
