//! User mappings (`pg_user_mappings`; manual: CREATE USER MAPPING): who a role is at a foreign server.
//!
//! The server shows options to those only who may use them; to others a mapping looks as if it had none. Made
//! again, it would lose the password that the model does not have: so it never is.

use super::{has_secret, read_options};
use crate::catalog::Catalog;
use crate::catalog::address::{Class, Key};
use crate::catalog::id::{Family, Id, Style};
use crate::catalog::kind::{Change, Found, Kind, Query, Source, Tag};
use crate::catalog::meta::acl;
use crate::catalog::names::Names;
use crate::catalog::options;
use crate::catalog::quote::ident;
use crate::catalog::roles::{RoleNames, rename};
use crate::catalog::row::{Row, RowError};
use crate::catalog::step::Step;
use crate::record;

record! {
    /// A user mapping.
    pub struct Mapping {
        /// The role; empty for PUBLIC.
        pub user: String,
        /// The server.
        pub server: String,
        /// Its options, sorted.
        pub options: Vec<String>,
    }
}

impl Mapping {
    /// As `pg_identify_object()` has it.
    fn name(&self) -> String {
        let whom = if self.user.is_empty() {
            "public".into()
        } else {
            ident(&self.user)
        };
        format!("{whom} on server {}", ident(&self.server))
    }

    fn sql(&self, verb: &str) -> String {
        let (user, server) = (acl::role(&self.user), ident(&self.server));
        format!("{verb} USER MAPPING FOR {user} SERVER {server}")
    }
}

impl Kind for Mapping {
    const NAME: &'static str = "user mapping";
    const LABEL: &'static str = "user mapping";
    const KEYWORD: &'static str = "USER MAPPING";
    const STYLE: Style = Style::Verbatim;
    const FAMILY: Family = Family::Own(Tag::UserMapping);
    const SOURCES: &'static [Source] = &[Source::Catalog(Class::USER_MAPPING)];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "SELECT umid, srvname, umuser, umoptions FROM pg_user_mappings",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        if !names.scope().covers_database() {
            return Ok(None);
        }
        let user = match row.number("umuser")? {
            0 => String::new(),
            role => names.role(role)?.to_string(),
        };
        let body = Self {
            user,
            server: row.text("srvname")?.to_owned(),
            options: read_options(row, "umoptions")?,
        };
        Ok(Some(Found::new(
            Id::global(Tag::UserMapping, body.name()),
            Key::new(Class::USER_MAPPING, row.number("umid")?),
            body,
        )))
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        let sql = self.sql("CREATE") + &options::generic(&self.options);
        vec![Step::create(id, sql)]
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, self.sql("DROP"))
    }

    fn change(&self, new: &Self, id: &Id, _scene: &Catalog) -> Change {
        let clause = options::generic_change(&self.options, &new.options);
        let steps = clause.map(|clause| Step::alter(id, format!("{} {clause}", new.sql("ALTER"))));
        Change::InPlace(steps.into_iter().collect())
    }

    fn roles(&self) -> Vec<&str> {
        vec![&self.user]
    }

    fn rename_roles(&mut self, id: &mut Id, names: &RoleNames, _version: u32) -> bool {
        rename(&mut self.user, names);
        id.name = self.name().into();
        true
    }

    fn keeps_secret(&self) -> bool {
        has_secret(&self.options)
    }
}
