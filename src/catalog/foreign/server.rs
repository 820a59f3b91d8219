//! Foreign servers (`pg_foreign_server`; manual: CREATE SERVER).

use std::fmt::Write as _;

use super::{change_clause, has_secret, read_options};
use crate::catalog::Catalog;
use crate::catalog::address::{Class, Key};
use crate::catalog::id::{Family, Id, Style};
use crate::catalog::kind::{Change, Found, Kind, Query, Source, Tag};
use crate::catalog::names::Names;
use crate::catalog::options;
use crate::catalog::quote::{ident, literal};
use crate::catalog::row::{Row, RowError};
use crate::catalog::step::Step;
use crate::record;

record! {
    /// A foreign server.
    pub struct Server {
        /// Its foreign-data wrapper.
        pub wrapper: String,
        /// TYPE.
        pub server_type: Option<String>,
        /// VERSION.
        pub version: Option<String>,
        /// Its options, sorted.
        pub options: Vec<String>,
    }
}

impl Kind for Server {
    const NAME: &'static str = "server";
    const LABEL: &'static str = "server";
    const KEYWORD: &'static str = "SERVER";
    const STYLE: Style = Style::Global;
    const FAMILY: Family = Family::Own(Tag::Server);
    const ACL: Option<(char, &'static str)> = Some(('S', "FOREIGN SERVER"));
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Catalog(Class::SERVER)];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "SELECT s.oid, s.srvname, s.srvtype, s.srvversion, s.srvoptions, s.srvowner AS owner, s.srvacl AS acl, w.fdwname \
              FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        if !names.scope().covers_database() {
            return Ok(None);
        }
        Ok(Some(Found::new(
            Id::global(Tag::Server, row.text("srvname")?),
            Key::new(Class::SERVER, row.number("oid")?),
            Self {
                wrapper: row.text("fdwname")?.to_owned(),
                server_type: row.opt("srvtype")?.map(str::to_owned),
                version: row.opt("srvversion")?.map(str::to_owned),
                options: read_options(row, "srvoptions")?,
            },
        )))
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        let Self {
            wrapper,
            server_type,
            version,
            options,
        } = self;
        let mut sql = format!("CREATE SERVER {}", id.sql());
        for (word, text) in [("TYPE", server_type), ("VERSION", version)] {
            if let Some(text) = text {
                let _ = write!(sql, " {word} {}", literal(text));
            }
        }
        let _ = write!(sql, " FOREIGN DATA WRAPPER {}", ident(wrapper));
        sql.push_str(&options::generic(options));
        vec![Step::create(id, sql)]
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP SERVER {}", id.sql()))
    }

    fn change(&self, new: &Self, id: &Id, _scene: &Catalog) -> Change {
        let Self {
            wrapper,
            server_type,
            version,
            options,
        } = new;
        if *wrapper != self.wrapper || *server_type != self.server_type {
            return Change::Replace;
        }
        let mut sql = format!("ALTER SERVER {}", id.sql());
        if *version != self.version {
            let version = version
                .as_deref()
                .map_or_else(|| "NULL".to_owned(), literal);
            let _ = write!(sql, " VERSION {version}");
        }
        sql.push_str(&change_clause(&self.options, options));
        Change::InPlace(vec![Step::alter(id, sql)])
    }

    fn keeps_secret(&self) -> bool {
        has_secret(&self.options)
    }
}
