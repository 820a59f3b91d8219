//! What the server asks of a role besides owning what it changes (manual: the privileges of each command). Only told here:
//! whether the role of a session fulfils it is asked by the procedure, before anything runs.

use super::quote::literal;

/// A condition for a role that is no superuser.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Demand {
    /// In SQL, for the current role; true where what it is about is not there yet.
    pub condition: String,
    /// In words.
    pub words: String,
}

impl Demand {
    /// To act for a role: to own what it owns.
    pub fn membership(role: &str) -> Self {
        Self::of_role(role, "pg_has_role(oid, 'USAGE')")
    }

    /// To be able to become a role.
    pub fn becoming(role: &str, version: u32) -> Self {
        let privilege = if version >= 160_000 { "SET" } else { "MEMBER" };
        Self::of_role(role, &format!("pg_has_role(oid, '{privilege}')"))
    }

    fn of_role(role: &str, may: &str) -> Self {
        let name = literal(role);
        Self {
            condition: format!(
                "coalesce((SELECT {may} FROM pg_roles WHERE rolname = {name}), true)"
            ),
            words: format!("membership in role {role}"),
        }
    }

    /// To let something belong to a role in a schema that is there. The new owner has to be able to make things in it.
    pub fn new_owner(role: &str, schema: &str) -> Self {
        let (name, space) = (literal(role), literal(schema));
        Self {
            condition: format!(
                "{name} = current_user OR coalesce((SELECT has_schema_privilege(r.oid, n.oid, 'CREATE') \
                 FROM pg_roles r, pg_namespace n WHERE rolname = {name} AND nspname = {space}), true)"
            ),
            words: format!("CREATE on schema {schema} for its owner to be, {role}"),
        }
    }

    /// To set a parameter (manual, chapter "Server Configuration"), given by name. Since 15 that can be granted.
    pub fn parameter(name: &str, version: u32) -> Self {
        let known = literal(name);
        let granted = if version >= 150_000 {
            format!("NOT has_parameter_privilege({known}, 'SET')")
        } else {
            "true".to_owned()
        };
        Self {
            condition: format!(
                "NOT EXISTS (SELECT FROM pg_settings WHERE lower(name) = lower({known}) \
                 AND context IN ('superuser', 'superuser-backend') AND {granted})"
            ),
            words: format!("the right to set {name}"),
        }
    }

    /// To make an extension in a version: one that is trusted takes CREATE on the database. Some services let a
    /// list of them be made (the setting is that of supautils).
    pub fn extension(name: &str, version: &str) -> Self {
        let (name, version) = (literal(name), literal(version));
        Self {
            condition: format!(
                "EXISTS (SELECT FROM pg_extension WHERE extname = {name} AND pg_has_role(extowner, 'USAGE')) \
                 OR NOT EXISTS (SELECT FROM pg_extension WHERE extname = {name}) AND ({name} = ANY (string_to_array( \
                 replace(current_setting('supautils.privileged_extensions', true), ' ', ''), ',')) \
                 OR EXISTS (SELECT FROM pg_available_extension_versions v WHERE v.name = {name} AND v.version = {version} \
                 AND (trusted AND has_database_privilege(current_database(), 'CREATE') \
                 OR NOT superuser AND has_database_privilege(current_database(), 'CREATE'))))"
            ),
            words: "its ownership, or CREATE on the database where it is a trusted one".to_owned(),
        }
    }

    /// To own one of two types, given by name.
    pub fn one_of_types(first: &str, second: &str) -> Self {
        let (first, second) = (literal(first), literal(second));
        let owned = |name: &str| {
            format!(
                "coalesce((SELECT pg_has_role(typowner, 'USAGE') FROM pg_type WHERE oid = to_regtype({name})), true)"
            )
        };
        Self {
            condition: format!("{} OR {}", owned(&first), owned(&second)),
            words: "ownership of one of its types".to_owned(),
        }
    }
}
