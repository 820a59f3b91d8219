//! Row-level security policies (`pg_policy`; manual: CREATE POLICY). Whether row-level security is on is a
//! property of the table.

use super::spelled::{expression, spelled_with};
use crate::catalog::Catalog;
use crate::catalog::address::{Class, Key};
use crate::catalog::id::{Family, Id, Style};
use crate::catalog::kind::{Change, Found, Kind, Query, Source, Tag};
use crate::catalog::names::Names;
use crate::catalog::quote::ident;
use crate::catalog::roles::{RoleNames, rename};
use crate::catalog::row::{Row, RowError};
use crate::catalog::settle::settle;
use crate::catalog::step::{Lock, Step};
use crate::record;

record! {
    /// A policy.
    pub struct Policy {
        /// AS RESTRICTIVE.
        pub restrictive: bool,
        /// FOR: `SELECT`, `INSERT`, `UPDATE`, `DELETE`; empty for ALL.
        pub command: String,
        /// TO, sorted; the empty name is PUBLIC.
        pub roles: Vec<String>,
        /// USING.
        pub using: Option<String>,
        /// WITH CHECK.
        pub check: Option<String>,
    }
}

impl Policy {
    /// The clauses that ALTER POLICY has too.
    fn clauses(&self) -> Vec<String> {
        let Self {
            restrictive: _,
            command: _,
            roles,
            using,
            check,
        } = self;
        let roles = roles.iter().map(|role| {
            if role.is_empty() {
                "PUBLIC".into()
            } else {
                ident(role)
            }
        });
        let mut clauses = vec![format!("TO {}", roles.collect::<Vec<_>>().join(", "))];
        clauses.extend(using.as_ref().map(|using| format!("USING ({using})")));
        clauses.extend(check.as_ref().map(|check| format!("WITH CHECK ({check})")));
        clauses
    }

    fn sql(&self, id: &Id) -> String {
        let mut sql = format!("CREATE POLICY {} ON {}", ident(&id.name), id.on_sql());
        if self.restrictive {
            sql.push_str(" AS RESTRICTIVE");
        }
        if !self.command.is_empty() {
            sql.push_str(" FOR ");
            sql.push_str(&self.command);
        }
        for clause in self.clauses() {
            sql.push(' ');
            sql.push_str(&clause);
        }
        sql
    }
}

impl Kind for Policy {
    const NAME: &'static str = "policy";
    const LABEL: &'static str = "policy";
    const KEYWORD: &'static str = "POLICY";
    const STYLE: Style = Style::On;
    const FAMILY: Family = Family::Relation;
    const TEXTS: &'static [&'static str] = &["using", "check"];
    const SOURCES: &'static [Source] = &[Source::Catalog(Class::POLICY)];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: concat!(
            "SELECT oid, polrelid, polname, polpermissive, polcmd, polroles, pg_get_expr(polqual, spelled_with) AS qual, ",
            "pg_get_expr(polwithcheck, spelled_with) AS withcheck, spelled_with FROM (SELECT *, ",
            spelled_with!("concat(polqual, polwithcheck)", "polrelid"),
            " FROM pg_policy WHERE oid BETWEEN {oids} OFFSET 0) p"
        ),
    }];
    const REBUILDABLE: bool = true;

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let table: u32 = row.number("polrelid")?;
        let Some(relation) = names.relation(table) else {
            return Ok(None);
        };
        let mut roles = Vec::new();
        for role in row.numbers("polroles")? {
            roles.push(if role == 0 {
                String::new()
            } else {
                names.role(role)?.to_string()
            });
        }
        roles.sort();
        let clause = |column| {
            let text = expression(row, column, names, table)?;
            Ok(text.map(|text| settle(&text)))
        };
        let body = Self {
            restrictive: !row.flag("polpermissive")?,
            command: match row.letter("polcmd")? {
                'r' => "SELECT",
                'a' => "INSERT",
                'w' => "UPDATE",
                'd' => "DELETE",
                _ => "",
            }
            .to_owned(),
            roles,
            using: clause("qual")?,
            check: clause("withcheck")?,
        };
        Ok(Some(Found::new(
            Id::part(
                Tag::Policy,
                relation.schema.clone(),
                relation.name.clone(),
                row.text("polname")?,
            ),
            Key::new(Class::POLICY, row.number("oid")?),
            body,
        )))
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        let step = Step::create(id, self.sql(id)).lock(Lock::AccessExclusive);
        // Permissive policies are joined by OR, restrictive ones by AND.
        vec![if self.restrictive {
            step
        } else {
            step.widening()
        }]
    }

    fn drop(&self, id: &Id) -> Step {
        let step = Step::drop(
            id,
            format!("DROP POLICY {} ON {}", ident(&id.name), id.on_sql()),
        );
        if self.restrictive {
            step.widening()
        } else {
            step
        }
    }

    fn change(&self, new: &Self, id: &Id, _scene: &Catalog) -> Change {
        let Self {
            restrictive,
            command,
            roles,
            using,
            check,
        } = new;
        // ALTER POLICY can set an expression but not take it away.
        let taken =
            (using.is_none() && self.using.is_some()) || (check.is_none() && self.check.is_some());
        if *restrictive != self.restrictive || *command != self.command || taken {
            return Change::Replace;
        }
        let same = [
            *roles == self.roles,
            *using == self.using,
            *check == self.check,
        ];
        let clauses = new.clauses().into_iter();
        let mut kept = vec![same[0]];
        kept.extend(using.as_ref().map(|_| same[1]));
        kept.extend(check.as_ref().map(|_| same[2]));
        let changed: Vec<String> = clauses
            .zip(kept)
            .filter(|(_, same)| !same)
            .map(|(clause, _)| clause)
            .collect();
        let sql = format!(
            "ALTER POLICY {} ON {} {}",
            ident(&id.name),
            id.on_sql(),
            changed.join(" ")
        );
        // Whether other expressions or roles let more through cannot be told.
        Change::InPlace(vec![
            Step::alter(id, sql).lock(Lock::AccessExclusive).widening(),
        ])
    }

    fn rename(from: &Id, to: &Id) -> Option<Step> {
        if from.schema != to.schema || from.on != to.on {
            return None;
        }
        let (old, new) = (ident(&from.name), ident(&to.name));
        let sql = format!("ALTER POLICY {old} ON {} RENAME TO {new}", from.on_sql());
        let step = Step::alter(to, sql).lock(Lock::AccessExclusive);
        Some(Step {
            makes: vec![to.clone()],
            frees: vec![from.clone()],
            ..step
        })
    }

    fn roles(&self) -> Vec<&str> {
        self.roles
            .iter()
            .map(String::as_str)
            .filter(|role| !role.is_empty())
            .collect()
    }

    fn rename_roles(&mut self, _id: &mut Id, names: &RoleNames, _version: u32) -> bool {
        for role in &mut self.roles {
            rename(role, names);
        }
        self.roles.sort();
        self.roles.dedup();
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn tenant() -> Policy {
        Policy {
            roles: vec![String::new()],
            using: Some("(a = 1)".into()),
            ..Policy::default()
        }
    }

    fn id() -> Id {
        Id::part(Tag::Policy, "app", "t", "Tenant")
    }

    #[test]
    fn it_is_made() {
        let policy = Policy {
            restrictive: true,
            command: "UPDATE".into(),
            roles: vec![String::new(), "We Ird".into()],
            check: Some("true".into()),
            ..tenant()
        };
        assert_eq!(
            policy.create(&id(), &Catalog::default())[0].sql,
            "CREATE POLICY \"Tenant\" ON app.t AS RESTRICTIVE FOR UPDATE TO PUBLIC, \"We Ird\" USING ((a = 1)) WITH CHECK (true)"
        );
    }

    #[test]
    fn only_what_differs_is_altered() {
        let new = Policy {
            using: Some("(a = 2)".into()),
            ..tenant()
        };
        let Change::InPlace(steps) = tenant().change(&new, &id(), &Catalog::default()) else {
            unreachable!("it is altered");
        };
        assert_eq!(
            steps[0].sql,
            "ALTER POLICY \"Tenant\" ON app.t USING ((a = 2))"
        );
        assert!(steps[0].widens);
        let none = Policy {
            using: None,
            ..tenant()
        };
        assert!(matches!(
            tenant().change(&none, &id(), &Catalog::default()),
            Change::Replace
        ));
    }
}
