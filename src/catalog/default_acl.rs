//! Default privileges (`pg_default_acl`; manual: ALTER DEFAULT PRIVILEGES): what the server grants on what a role
//! makes from then on.
//!
//! An entry without a schema stands in place of the built-in default, one with a schema adds to it. It is changed
//! after all else, so that what a plan makes is granted what the database had when the plan was made.

use super::address::{Class, Key};
use super::demand::Demand;
use super::id::{Family, Id, Style};
use super::kind::{Change, Found, Kind, Query, Source, Tag};
use super::meta::acl::{self, Grant, Target};
use super::names::Names;
use super::quote::ident;
use super::roles::{RoleNames, rename};
use super::row::{Row, RowError};
use super::step::{Lock, Step};
use super::{Catalog, moved};
use crate::record;

record! {
    /// Default privileges of one role on one kind of object, in one schema or in all.
    pub struct DefaultAcl {
        /// Whose new objects they are about.
        pub role: String,
        /// The schema; empty for all.
        pub schema: String,
        /// `TABLES`, `SEQUENCES`, `FUNCTIONS`, `TYPES`, `SCHEMAS`, `LARGE OBJECTS`.
        pub objects: String,
        /// What is granted.
        pub grants: Vec<Grant>,
    }
}

/// `pg_default_acl.defaclobjtype`, how GRANT calls these objects, and their letter in `acldefault()`.
const OBJECTS: &[(char, &str, char)] = &[
    ('r', "TABLES", 'r'),
    ('S', "SEQUENCES", 's'),
    ('f', "FUNCTIONS", 'f'),
    ('T', "TYPES", 'T'),
    ('n', "SCHEMAS", 'n'),
    ('L', "LARGE OBJECTS", 'L'),
];

impl DefaultAcl {
    /// As `pg_identify_object()` has it.
    fn name(&self) -> String {
        let within = if self.schema.is_empty() {
            String::new()
        } else {
            format!(" in schema {}", ident(&self.schema))
        };
        let objects = self.objects.to_lowercase();
        format!("for role {}{within} on {objects}", ident(&self.role))
    }

    /// What stands before GRANT and REVOKE.
    fn prefix(&self) -> String {
        let within = if self.schema.is_empty() {
            String::new()
        } else {
            format!(" IN SCHEMA {}", ident(&self.schema))
        };
        let role = ident(&self.role);
        format!("ALTER DEFAULT PRIVILEGES FOR ROLE {role}{within} ")
    }

    fn steps(&self, id: &Id, old: &[Grant], new: &[Grant]) -> Vec<Step> {
        let prefix = self.prefix();
        let target = Target {
            prefix: &prefix,
            column: None,
            on: self.objects.clone(),
        };
        let steps = target.change(id, &self.role, old, new);
        steps.into_iter().map(Step::last).collect()
    }

    /// What is granted with no entry.
    fn built_in(&self, version: u32) -> Vec<Grant> {
        let letter = OBJECTS.iter().find(|(_, name, _)| *name == self.objects);
        match letter {
            Some(&(.., letter)) if self.schema.is_empty() => {
                acl::default(letter, &self.role, version)
            }
            _ => Vec::new(),
        }
    }

    /// Back to the built-in default, whatever the server's version has in it; the entry goes with it.
    fn removal(&self, id: &Id) -> Vec<Step> {
        let (prefix, objects) = (self.prefix(), &self.objects);
        let mut grantees: Vec<String> = self
            .grants
            .iter()
            .map(|grant| acl::role(&grant.grantee))
            .collect();
        grantees.dedup();
        let mut statements = Vec::new();
        if !grantees.is_empty() {
            let grantees = grantees.join(", ");
            statements.push(format!("{prefix}REVOKE ALL ON {objects} FROM {grantees}"));
        }
        for grant in self.built_in(0) {
            let grantee = acl::role(&grant.grantee);
            statements.push(format!("{prefix}GRANT ALL ON {objects} TO {grantee}"));
        }
        let steps = statements
            .into_iter()
            .map(|sql| Step::alter(id, sql).last());
        steps.collect()
    }
}

impl Kind for DefaultAcl {
    const NAME: &'static str = "default acl";
    const LABEL: &'static str = "default acl";
    const KEYWORD: &'static str = "DEFAULT PRIVILEGES";
    const STYLE: Style = Style::Verbatim;
    const FAMILY: Family = Family::Own(Tag::DefaultAcl);
    const IS_PRIVILEGES: bool = true;
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Catalog(Class::DEFAULT_ACL)];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "SELECT oid, defaclrole, defaclnamespace, defaclobjtype, defaclacl FROM pg_default_acl",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let role = names.role(row.number("defaclrole")?)?;
        let namespace: u32 = row.number("defaclnamespace")?;
        let schema = if namespace == 0 {
            names.scope().covers_database().then(|| "".into())
        } else {
            names.schema(namespace)
        };
        let Some(schema) = schema.filter(|_| !names.scope().leaves_out(&role)) else {
            return Ok(None);
        };
        let letter = row.letter("defaclobjtype")?;
        let &(_, objects, _) = OBJECTS
            .iter()
            .find(|(own, ..)| *own == letter)
            .ok_or_else(|| RowError::new("defaclobjtype", format!("{letter:?} is new")))?;
        let body = Self {
            role: role.to_string(),
            schema: schema.to_string(),
            objects: objects.to_owned(),
            grants: acl::parse_list(&row.list("defaclacl")?)?,
        };
        Ok(Some(Found::new(
            Id::in_schema(Tag::DefaultAcl, schema, body.name()),
            Key::new(Class::DEFAULT_ACL, row.number("oid")?),
            body,
        )))
    }

    fn demands(&self, _id: &Id, _version: u32) -> Vec<Demand> {
        vec![Demand::membership(&self.role)]
    }

    fn create(&self, id: &Id, scene: &Catalog) -> Vec<Step> {
        let mut steps = self.steps(id, &self.built_in(scene.version()), &self.grants);
        if let Some(first) = steps.first_mut() {
            first.makes.push(id.clone());
        }
        steps
    }

    fn before_drop(&self, id: &Id) -> Vec<Step> {
        let mut steps = self.removal(id);
        steps.pop();
        steps
    }

    /// The server removes the entry when it says no more than is so without it.
    fn drop(&self, id: &Id) -> Step {
        let sql = self
            .removal(id)
            .pop()
            .map_or_else(String::new, |step| step.sql);
        Step {
            lock: Lock::None,
            ..Step::drop(id, sql).last()
        }
    }

    fn change(&self, new: &Self, id: &Id, _scene: &Catalog) -> Change {
        Change::InPlace(self.steps(id, &self.grants, &new.grants))
    }

    fn newer(&self, _id: &Id, scene: &Catalog) -> Vec<(u32, &'static str)> {
        let large = self.objects == "LARGE OBJECTS";
        let large = large.then_some((180_000, "default privileges on large objects"));
        let lost = self.objects == "TABLES"
            && !moved::move_grants(&mut self.grants.clone(), &self.role, scene.version(), 0);
        let lost = lost.then_some(moved::MAINTAIN);
        large.into_iter().chain(lost).collect()
    }

    fn move_to(&mut self, _id: &Id, from: &Catalog, version: u32) {
        if self.objects == "TABLES" {
            moved::move_grants(&mut self.grants, &self.role, from.version(), version);
        }
    }

    fn roles(&self) -> Vec<&str> {
        let grants = self.grants.iter();
        let named = grants.flat_map(|grant| [grant.grantee.as_str(), grant.grantor.as_str()]);
        std::iter::once(self.role.as_str()).chain(named).collect()
    }

    fn rename_roles(&mut self, id: &mut Id, names: &RoleNames, version: u32) -> bool {
        rename(&mut self.role, names);
        acl::rename_roles(&mut self.grants, names);
        id.name = self.name().into();
        self.grants != self.built_in(version)
    }
}
