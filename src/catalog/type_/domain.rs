//! Domains (`pg_type`; manual: CREATE DOMAIN, ALTER DOMAIN). Their CHECK constraints are parts of their own
//! kind; a domain is made with those that do not depend on it in turn, because a constraint cannot be added to
//! a domain that a column of array or composite type uses already.

use crate::catalog::address::{Class, Key};
use crate::catalog::id::{Family, Id, Style};
use crate::catalog::kind::{Body, Change, Found, Kind, Query, Source, Tag};
use crate::catalog::meta::comment_on;
use crate::catalog::names::Names;
use crate::catalog::quote::{ident, literal};
use crate::catalog::row::{Row, RowError};
use crate::catalog::settle::settle;
use crate::catalog::step::Step;
use crate::catalog::{Catalog, Object};
use crate::record;

record! {
    /// A domain.
    pub struct Domain {
        /// The type under it, as `format_type()` prints it.
        pub base: String,
        /// Its collation, qualified, when it is not that of the base type.
        pub collation: String,
        /// Its default expression.
        pub default: Option<String>,
        /// Whether it refuses NULL.
        pub not_null: Option<NotNull>,
    }
}

record! {
    /// What the server keeps of NOT NULL (a constraint since version 17).
    pub struct NotNull {
        /// Its name, when it is not the one that the server gives.
        pub name: String,
        /// Its comment.
        pub comment: Option<String>,
    }
}

impl Kind for Domain {
    const NAME: &'static str = "type";
    const LABEL: &'static str = "domain";
    const KEYWORD: &'static str = "DOMAIN";
    const STYLE: Style = Style::Qualified;
    const FAMILY: Family = Family::Type;
    const TEXTS: &'static [&'static str] = &["default"];
    const ACL: Option<(char, &'static str)> = Some(('T', "DOMAIN"));
    const DROPS_PARTS: bool = true;
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Type('d')];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        // Before version 17, NOT NULL on a domain is no constraint: there is no row of type 'n'.
        sql: "SELECT t.oid, t.typnamespace, t.typname, t.typbasetype, t.typtypmod, \
              CASE WHEN t.typcollation <> b.typcollation THEN t.typcollation ELSE 0 END AS collation, \
              pg_get_expr(t.typdefaultbin, 0) AS expression, \
              CASE WHEN t.typdefaultbin IS NULL THEN t.typdefault END AS base_default, t.typnotnull, \
              n.conname, d.description AS concomment, t.typowner AS owner, t.typacl AS acl \
              FROM pg_type t JOIN pg_type b ON b.oid = t.typbasetype \
              LEFT JOIN pg_constraint n ON n.contypid = t.oid AND n.contype = 'n' \
              LEFT JOIN pg_description d ON d.objoid = n.oid AND d.classoid = 'pg_constraint'::regclass \
              WHERE t.typtype = 'd' AND t.oid >= 16384",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let Some(schema) = names.schema(row.number("typnamespace")?) else {
            return Ok(None);
        };
        let name = row.text("typname")?;
        let base = row.number("typbasetype")?;
        let collation = names.collation(row.number("collation")?);
        let default = match (row.opt("expression")?, row.opt("base_default")?) {
            (Some(expression), _) => Some(settle(expression)),
            // That of the base type, as it would be printed if it had been given.
            (None, Some(text)) => {
                let base = names.column_type(names.base_type(base), -1)?;
                Some(format!("{}::{base}", literal(text)))
            }
            (None, None) => None,
        };
        let not_null = if row.flag("typnotnull")? {
            let own = row.text_or_empty("conname")?;
            Some(NotNull {
                name: if own == given_name(name) { "" } else { own }.to_owned(),
                comment: row.opt("concomment")?.map(str::to_owned),
            })
        } else {
            None
        };
        Ok(Some(Found::new(
            Id::in_schema(Tag::Domain, schema, name),
            Key::new(Class::TYPE, oid),
            Self {
                base: names
                    .column_type(base, row.number("typtypmod")?)?
                    .to_string(),
                collation: collation.unwrap_or_default().to_string(),
                default,
                not_null,
            },
        )))
    }

    fn create(&self, id: &Id, scene: &Catalog) -> Vec<Step> {
        let Self {
            base,
            collation,
            default,
            not_null,
        } = self;
        let mut sql = format!("CREATE DOMAIN {} AS {base}", id.sql());
        if !collation.is_empty() {
            sql.push_str(" COLLATE ");
            sql.push_str(collation);
        }
        if let Some(default) = default {
            sql.push_str(" DEFAULT ");
            sql.push_str(default);
        }
        if let Some(not_null) = not_null {
            sql.push(' ');
            sql.push_str(&not_null.clause());
        }
        let mut parts = Vec::new();
        for part in scene
            .parts(id)
            .filter(|part| stands_inline(part, id, scene))
        {
            let Body::DomainConstraint(constraint) = &part.body else {
                continue;
            };
            sql.push_str("\n    ");
            sql.push_str(&constraint.clause(&part.id));
            parts.push(part.id.clone());
        }
        let mut steps = vec![Step::create(id, sql).making(parts)];
        if default.is_none() && takes_default(id, scene) {
            steps.push(alter(id, "DROP DEFAULT"));
        }
        let comment = not_null
            .as_ref()
            .and_then(|not_null| not_null.comment_on(id));
        steps.extend(comment);
        steps
    }

    fn newer(&self, _id: &Id, _scene: &Catalog) -> Vec<(u32, &'static str)> {
        let told = |own: &NotNull| *own != NotNull::default();
        let has = self.not_null.as_ref().is_some_and(told);
        has.then_some((170_000, "the name or comment of NOT NULL"))
            .into_iter()
            .collect()
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP DOMAIN {}", id.sql()))
    }

    fn change(&self, new: &Self, id: &Id, _scene: &Catalog) -> Change {
        let Self {
            base,
            collation,
            default,
            not_null,
        } = new;
        if *base != self.base || *collation != self.collation {
            return Change::Replace;
        }
        let mut steps = Vec::new();
        if *default != self.default {
            let what = match default {
                Some(expression) => format!("SET DEFAULT {expression}"),
                None => "DROP DEFAULT".to_owned(),
            };
            steps.push(alter(id, &what));
        }
        steps.extend(NotNull::change(
            self.not_null.as_ref(),
            not_null.as_ref(),
            id,
        ));
        Change::InPlace(steps)
    }

    fn rename(from: &Id, to: &Id) -> Option<Step> {
        super::rename(from, to)
    }
}

fn alter(id: &Id, what: &str) -> Step {
    Step::alter(id, format!("ALTER DOMAIN {} {what}", id.sql()))
}

impl NotNull {
    fn change(old: Option<&Self>, new: Option<&Self>, id: &Id) -> Vec<Step> {
        let mut steps = Vec::new();
        match (old, new) {
            (None, None) => {}
            (Some(_), None) => steps.push(alter(id, "DROP NOT NULL")),
            (None, Some(new)) => {
                let what = if new.name.is_empty() {
                    "SET NOT NULL".to_owned()
                } else {
                    format!("ADD {}", new.clause())
                };
                steps.push(alter(id, &what).scanning());
                steps.extend(new.comment_on(id));
            }
            (Some(old), Some(new)) => {
                let (from, to) = (old.name_on(id), new.name_on(id));
                if from != to {
                    let what = format!("RENAME CONSTRAINT {} TO {}", ident(&from), ident(&to));
                    steps.push(alter(id, &what));
                }
                if old.comment != new.comment {
                    steps.push(comment_on(id, &new.address(id), new.comment.as_deref()));
                }
            }
        }
        steps
    }

    fn clause(&self) -> String {
        let Self { name, comment: _ } = self;
        if name.is_empty() {
            return "NOT NULL".to_owned();
        }
        format!("CONSTRAINT {} NOT NULL", ident(name))
    }

    fn name_on(&self, domain: &Id) -> String {
        if self.name.is_empty() {
            given_name(&domain.name)
        } else {
            self.name.clone()
        }
    }

    fn address(&self, domain: &Id) -> String {
        format!(
            "CONSTRAINT {} ON DOMAIN {}",
            ident(&self.name_on(domain)),
            domain.sql()
        )
    }

    fn comment_on(&self, domain: &Id) -> Option<Step> {
        let comment = self.comment.as_deref()?;
        Some(comment_on(domain, &self.address(domain), Some(comment)))
    }
}

/// Whether CREATE DOMAIN gives a domain the default of what it is over (`DefineDomain()` of `commands/typecmds.c`).
/// `DEFAULT NULL` does not help: over a domain, that is a default, too.
fn takes_default(id: &Id, scene: &Catalog) -> bool {
    let mut used = scene.edges(id).filter_map(|edge| scene.get(edge.to));
    used.any(|used| match &used.body {
        Body::Domain(domain) => domain.default.is_some(),
        Body::Base(base) => base.default.is_some(),
        _ => false,
    })
}

/// The name that the server gives to NOT NULL on a domain, unless it is too long or taken.
fn given_name(domain: &str) -> String {
    format!("{domain}_not_null")
}

/// Whether a constraint can be part of CREATE DOMAIN: it is valid, and nothing that it uses depends on the
/// domain.
fn stands_inline(part: &Object, domain: &Id, scene: &Catalog) -> bool {
    let Body::DomainConstraint(constraint) = &part.body else {
        return false;
    };
    if constraint.not_valid {
        return false;
    }
    let mut used = scene
        .edges(&part.id)
        .map(|edge| edge.to)
        .filter(|used| *used != domain);
    !used.any(|used| {
        let mut all = scene.closure(used);
        all.insert(used);
        all.iter().any(|id| id.same_root(domain))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;

    use super::*;
    use crate::catalog::type_::domain_constraint::DomainConstraint;
    use crate::catalog::{Meta, Strength};

    fn email() -> Domain {
        Domain {
            base: "text".to_owned(),
            collation: "pg_catalog.\"C\"".to_owned(),
            default: Some("'a@b'::text".to_owned()),
            not_null: Some(NotNull {
                name: "must".to_owned(),
                comment: Some("really".to_owned()),
            }),
        }
    }

    fn object(id: &Id, body: Body) -> Object {
        Object {
            id: id.clone(),
            body,
            meta: Meta::default(),
        }
    }

    fn sql(steps: &[Step]) -> Vec<&str> {
        steps.iter().map(|step| step.sql.as_str()).collect()
    }

    #[test]
    fn it_is_made_with_the_constraints_that_do_not_depend_on_it() {
        let id = Id::in_schema(Tag::Domain, "app", "email");
        let part = |name: &str| Id::part(Tag::DomainConstraint, "app", "email", name);
        let check = |not_valid| {
            Body::from(DomainConstraint {
                check: "(VALUE <> ''::text)".to_owned(),
                not_valid,
            })
        };
        let objects = vec![
            object(&id, Body::from(email())),
            object(&part("Plain"), check(false)),
            object(&part("new"), check(true)),
            object(&part("circular"), check(false)),
            object(&part("outer"), Body::from(Domain::default())),
        ];
        // Any object that leads back to the domain will do here.
        let edge = |from: &Id, to: &Id| (from.clone(), to.clone(), Strength::Normal);
        let edges = [
            edge(&part("circular"), &part("outer")),
            edge(&part("outer"), &id),
        ];
        let scene = Catalog::new(170_000, objects, edges, BTreeMap::new());
        let steps = email().create(&id, &scene);
        assert_eq!(
            sql(&steps),
            [
                "CREATE DOMAIN app.email AS text COLLATE pg_catalog.\"C\" DEFAULT 'a@b'::text \
                 CONSTRAINT must NOT NULL\n    CONSTRAINT \"Plain\" CHECK ((VALUE <> ''::text))",
                "COMMENT ON CONSTRAINT must ON DOMAIN app.email IS 'really'"
            ]
        );
        assert_eq!(steps[0].makes, [id, part("Plain")]);
    }

    #[test]
    fn what_the_server_can_alter_is_altered() {
        let id = Id::in_schema(Tag::Domain, "app", "email");
        let new = Domain {
            default: None,
            not_null: Some(NotNull::default()),
            ..email()
        };
        let scene = Catalog::default();
        let Change::InPlace(steps) = email().change(&new, &id, &scene) else {
            panic!("it was to be replaced")
        };
        assert_eq!(
            sql(&steps),
            [
                "ALTER DOMAIN app.email DROP DEFAULT",
                "ALTER DOMAIN app.email RENAME CONSTRAINT must TO email_not_null",
                "COMMENT ON CONSTRAINT email_not_null ON DOMAIN app.email IS NULL"
            ]
        );
        let other = Domain {
            base: "character varying(10)".to_owned(),
            ..email()
        };
        assert!(matches!(
            email().change(&other, &id, &scene),
            Change::Replace
        ));
    }
}
