//! Operators (`pg_operator`; manual: CREATE OPERATOR), here; their families and classes, a file per kind.
//!
//! An operator can name its commutator and its negator before they are there: that makes a shell of the other,
//! which its own definition completes. A shell that was never completed is an object too, since it keeps its
//! types in use; it comes with the operator that names it. `pg_depend` says nothing of these links.

pub mod class;
pub mod family;
pub mod member;

use super::Catalog;
use super::address::{Class, Key};
use super::id::{Family, Id, Style};
use super::kind::{Body, Change, Found, Kind, Query, Source, Tag};
use super::names::Names;
use super::options::definition;
use super::quote::ident;
use super::row::{Row, RowError};
use super::step::Step;
use crate::record;

record! {
    /// An operator; of a shell nothing is known.
    pub struct Operator {
        /// The function that does it.
        pub function: String,
        /// The type of its left operand, as `format_type()` prints it; empty for none.
        pub left: String,
        /// The type of its right operand.
        pub right: String,
        /// The operator that does the same with its operands exchanged.
        pub commutator: Option<OperatorName>,
        /// The operator that gives the opposite result.
        pub negator: Option<OperatorName>,
        /// The function that estimates how many rows it selects.
        pub restrict: String,
        /// The same for joins.
        pub join: String,
        /// Whether a hash join can use it.
        pub hashes: bool,
        /// Whether a merge join can use it.
        pub merges: bool,
    }
}

record! {
    /// The name of an operator whose operands are known from another.
    pub struct OperatorName {
        /// Its schema.
        pub schema: String,
        /// Its name.
        pub name: String,
    }
}

impl OperatorName {
    fn sql(&self) -> String {
        let Self { schema, name } = self;
        format!("OPERATOR({}.{name})", ident(schema))
    }

    fn read(
        row: &Row<'_>,
        schema: &'static str,
        name: &'static str,
    ) -> Result<Option<Self>, RowError> {
        let (schema, name) = (row.opt(schema)?, row.opt(name)?);
        Ok(schema.zip(name).map(|(schema, name)| Self {
            schema: schema.to_owned(),
            name: name.to_owned(),
        }))
    }
}

/// The first version that can set all of an operator's properties (manual: ALTER OPERATOR).
const SETS_ALL: u32 = 170_000;

/// Types of operands as an id has them.
fn operands(left: &str, right: &str) -> String {
    let name = |operand: &str| if operand.is_empty() { "NONE" } else { operand }.to_owned();
    format!("{},{}", name(left), name(right))
}

impl Kind for Operator {
    const NAME: &'static str = "operator";
    const LABEL: &'static str = "operator";
    const KEYWORD: &'static str = "OPERATOR";
    const STYLE: Style = Style::Operator;
    const FAMILY: Family = Family::Own(Tag::Operator);
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Catalog(Class::OPERATOR)];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "SELECT o.oid, o.oprnamespace, o.oprname, o.oprleft, o.oprright, nullif(o.oprcode::text, '-') AS function, \
              cn.nspname AS commutator_schema, c.oprname AS commutator, nn.nspname AS negator_schema, n.oprname AS negator, \
              nullif(o.oprrest::text, '-') AS restrict, nullif(o.oprjoin::text, '-') AS join, \
              o.oprcanhash, o.oprcanmerge, o.oprowner AS owner FROM pg_operator o \
              LEFT JOIN pg_operator c ON c.oid = o.oprcom LEFT JOIN pg_namespace cn ON cn.oid = c.oprnamespace \
              LEFT JOIN pg_operator n ON n.oid = o.oprnegate LEFT JOIN pg_namespace nn ON nn.oid = n.oprnamespace \
              WHERE o.oid >= 16384",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let Some(schema) = names.schema(row.number("oprnamespace")?) else {
            return Ok(None);
        };
        let name = row.text("oprname")?;
        let operand = |column| match row.number(column)? {
            0 => Ok(String::new()),
            oid => names.type_name(oid, -1).map(|name| name.to_string()),
        };
        let (left, right) = (operand("oprleft")?, operand("oprright")?);
        let id = Id::routine(Tag::Operator, schema, name, operands(&left, &right));
        let body = match row.opt("function")? {
            None => Self::default(),
            Some(function) => Self {
                function: function.to_owned(),
                left,
                right,
                commutator: OperatorName::read(row, "commutator_schema", "commutator")?,
                negator: OperatorName::read(row, "negator_schema", "negator")?,
                restrict: row.text_or_empty("restrict")?.to_owned(),
                join: row.text_or_empty("join")?.to_owned(),
                hashes: row.flag("oprcanhash")?,
                merges: row.flag("oprcanmerge")?,
            },
        };
        Ok(Some(Found::new(id, Key::new(Class::OPERATOR, oid), body)))
    }

    fn create(&self, id: &Id, scene: &Catalog) -> Vec<Step> {
        if self.is_shell() {
            return Vec::new();
        }
        let name = format!("{}.{}", ident(&id.schema), id.name);
        let sql = format!("CREATE OPERATOR {name} {}", self.definition());
        vec![self.with_shells(Step::create(id, sql), scene)]
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP OPERATOR {}", id.sql()))
    }

    fn change(&self, new: &Self, id: &Id, scene: &Catalog) -> Change {
        let Some(clauses) = self.clauses(new, id, scene) else {
            return Change::Replace;
        };
        if clauses.is_empty() {
            return Change::Carried;
        }
        let sql = format!("ALTER OPERATOR {} SET ({})", id.sql(), clauses.join(", "));
        let others = new.links(id).into_iter().filter(|other| scene.has(other));
        Change::InPlace(vec![Step::alter(id, sql).needing(others)])
    }
}

impl Operator {
    fn is_shell(&self) -> bool {
        self.function.is_empty()
    }

    /// The operators that it names.
    fn links(&self, id: &Id) -> Vec<Id> {
        let other = |link: &OperatorName, args: String| {
            let (schema, name) = (&*link.schema, &*link.name);
            Id::routine(Tag::Operator, schema, name, args)
        };
        let commutator = self.commutator.iter();
        let negator = self.negator.iter();
        commutator
            .map(|link| other(link, operands(&self.right, &self.left)))
            .chain(negator.map(|link| other(link, operands(&self.left, &self.right))))
            .filter(|other| other != id)
            .collect()
    }

    /// The step that makes it also makes those shells that it names; where they will be has to be there.
    fn with_shells(&self, step: Step, scene: &Catalog) -> Step {
        let links = self.links(&step.subject);
        let schemas = links
            .iter()
            .map(|other| Id::global(Tag::Schema, other.schema.clone()))
            .filter(|schema| scene.has(schema));
        let schemas: Vec<Id> = schemas.collect();
        let shells = links.into_iter().filter(|other| {
            let object = scene.get(other).map(|object| &object.body);
            matches!(object, Some(Body::Operator(operator)) if operator.is_shell())
        });
        step.making(shells).needing(schemas)
    }

    fn definition(&self) -> String {
        let Self {
            function,
            left,
            right,
            commutator,
            negator,
            restrict,
            join,
            hashes,
            merges,
        } = self;
        let link = |link: &Option<OperatorName>| {
            let sql = link.as_ref().map(OperatorName::sql);
            sql.unwrap_or_default()
        };
        let yes = |is_set: bool| if is_set { "true" } else { "" };
        definition(&[
            ("FUNCTION", function),
            ("LEFTARG", left),
            ("RIGHTARG", right),
            ("COMMUTATOR", &link(commutator)),
            ("NEGATOR", &link(negator)),
            ("RESTRICT", restrict),
            ("JOIN", join),
            ("HASHES", yes(*hashes)),
            ("MERGES", yes(*merges)),
        ])
    }

    /// What ALTER OPERATOR has to set so that it becomes `new`; `None` when it cannot. A link to an operator
    /// that goes, goes with it.
    fn clauses(&self, new: &Self, id: &Id, scene: &Catalog) -> Option<Vec<String>> {
        let Self {
            function,
            left,
            right,
            commutator,
            negator,
            restrict,
            join,
            hashes,
            merges,
        } = new;
        if (function, left, right) != (&self.function, &self.left, &self.right) {
            return None;
        }
        let sets_all = scene.version() >= SETS_ALL;
        let stays = self.links(id).iter().any(|other| scene.has(other));
        let mut clauses = Vec::new();
        let links = [
            ("COMMUTATOR", &self.commutator, commutator),
            ("NEGATOR", &self.negator, negator),
        ];
        for (keyword, old, new) in links.into_iter().filter(|(_, old, new)| old != new) {
            match (old, new) {
                (None, Some(link)) if sets_all => {
                    clauses.push(format!("{keyword} = {}", link.sql()));
                }
                (Some(_), None) if !stays => {}
                _ => return None,
            }
        }
        for (keyword, old, new) in [
            ("RESTRICT", &self.restrict, restrict),
            ("JOIN", &self.join, join),
        ] {
            if old != new {
                let new = if new.is_empty() { "NONE" } else { new };
                clauses.push(format!("{keyword} = {new}"));
            }
        }
        for (keyword, old, new) in [
            ("HASHES", self.hashes, *hashes),
            ("MERGES", self.merges, *merges),
        ] {
            match (old, new) {
                (false, true) if sets_all => clauses.push(keyword.to_owned()),
                _ if old == new => {}
                _ => return None,
            }
        }
        Some(clauses)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::catalog::{Meta, Object};

    fn less() -> Operator {
        Operator {
            function: "app.less".to_owned(),
            left: "app.\"Word\"".to_owned(),
            right: "text".to_owned(),
            commutator: Some(OperatorName {
                schema: "App 2".to_owned(),
                name: ">".to_owned(),
            }),
            merges: true,
            ..Operator::default()
        }
    }

    fn scene(version: u32, bodies: &[(&Id, Operator)]) -> Catalog {
        let objects = bodies.iter().map(|(id, body)| Object {
            id: (*id).clone(),
            body: Body::from(body.clone()),
            meta: Meta::default(),
        });
        Catalog::new(version, objects.collect(), [], BTreeMap::new())
    }

    #[test]
    fn a_shell_comes_with_what_names_it() {
        let id = Id::routine(Tag::Operator, "app", "<", "app.\"Word\",text");
        let shell = Id::routine(Tag::Operator, "App 2", ">", "text,app.\"Word\"");
        assert_eq!(id.to_string(), "operator app.<(app.\"Word\",text)");
        let scene = scene(150_000, &[(&id, less()), (&shell, Operator::default())]);
        let steps = less().create(&id, &scene);
        assert_eq!(
            steps[0].sql,
            "CREATE OPERATOR app.< (\n    FUNCTION = app.less,\n    LEFTARG = app.\"Word\",\n    RIGHTARG = text,\n    \
             COMMUTATOR = OPERATOR(\"App 2\".>),\n    MERGES = true\n)"
        );
        assert_eq!(steps[0].makes, [id, shell.clone()]);
        assert!(Operator::default().create(&shell, &scene).is_empty());
    }

    #[test]
    fn newer_servers_set_more_in_place() {
        let id = Id::routine(Tag::Operator, "app", "<", "app.\"Word\",text");
        let plain = Operator {
            commutator: None,
            merges: false,
            ..less()
        };
        let full = Operator {
            restrict: "scalarltsel".to_owned(),
            ..less()
        };
        let change = |old: &Operator, new: &Operator, version| {
            old.change(new, &id, &scene(version, &[(&id, new.clone())]))
        };
        assert!(matches!(change(&plain, &full, 160_000), Change::Replace));
        let Change::InPlace(steps) = change(&plain, &full, 170_000) else {
            panic!("it was to be replaced")
        };
        assert_eq!(
            steps[0].sql,
            "ALTER OPERATOR app.<(app.\"Word\",text) SET (COMMUTATOR = OPERATOR(\"App 2\".>), RESTRICT = scalarltsel, MERGES)"
        );
        // Its commutator is no more: nothing is left to do.
        let unlinked = Operator {
            commutator: None,
            ..less()
        };
        assert!(matches!(
            change(&less(), &unlinked, 150_000),
            Change::Carried
        ));
        assert!(matches!(change(&full, &plain, 170_000), Change::Replace));
    }
}
