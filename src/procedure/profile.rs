//! Profiles of managed services: what they keep in a database for themselves, and which no snapshot of their user's
//! schema should have and no rollback touch.

use crate::catalog::scope::Scope;

/// A managed service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// None: all is the user's.
    #[default]
    None,
    /// Supabase.
    Supabase,
    /// Amazon RDS and Aurora.
    Rds,
}

impl Profile {
    /// The schemas that the service manages; extensions in them are its own too.
    fn schemas(self) -> &'static [&'static str] {
        match self {
            Self::None | Self::Rds => &[],
            Self::Supabase => &[
                "_analytics",
                "_realtime",
                "_supavisor",
                "auth",
                "cron",
                "extensions",
                "graphql",
                "graphql_public",
                "net",
                "pgbouncer",
                "pgmq",
                "pgsodium",
                "pgsodium_masks",
                "realtime",
                "storage",
                "supabase_functions",
                "supabase_migrations",
                "vault",
            ],
        }
    }

    /// The roles of the service: what they own, or is about what they make, is theirs.
    fn roles(self) -> &'static [&'static str] {
        match self {
            Self::None => &[],
            Self::Supabase => &[
                "pgbouncer",
                "supabase_admin",
                "supabase_auth_admin",
                "supabase_etl_admin",
                "supabase_functions_admin",
                "supabase_read_only_user",
                "supabase_realtime_admin",
                "supabase_replication_admin",
                "supabase_storage_admin",
            ],
            Self::Rds => &["rds_superuser", "rdsadmin", "rdsrepladmin", "rdstopmgr"],
        }
    }

    /// Leaves out of a scope what the service manages.
    pub fn narrow(self, scope: &mut Scope) {
        let owned = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        scope.exclude.extend(owned(self.schemas()));
        scope.exclude_roles.extend(owned(self.roles()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_service_manages_is_left_out() {
        let mut scope = Scope::default();
        Profile::Supabase.narrow(&mut scope);
        assert!(scope.covers("public") && !scope.covers("auth"));
        assert!(scope.leaves_out("supabase_admin") && !scope.leaves_out("postgres"));
        let mut whole = Scope::default();
        Profile::None.narrow(&mut whole);
        assert!(whole.is_whole());
    }
}
