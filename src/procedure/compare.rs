//! `diff` and `show`: schemas side by side, stored or live. Reads only; nothing is written anywhere.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;

use jiff::Timestamp;

use super::beside;
use super::difference;
use super::failure::Failure;
use super::host::Host;
use super::session;
use super::snapshot;
use crate::catalog::database::{Beside, Difference};
use crate::catalog::scope::Scope;
use crate::catalog::{Catalog, Id};
use crate::connect::{Config, Connection};
use crate::diff::{self, Diff, Mask};
use crate::introspect::Within;
use crate::nearest::nearest;
use crate::render;
use crate::store::{DatabaseId, Manifest, Resolved, Store};

/// Where a schema is to be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the connected database: `db`.
    Live,
    /// In the store, under this ref.
    Stored(String),
}

impl Place {
    /// Reads an argument: `db` or a ref.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let automatic = text.starts_with("before/") || text.starts_with("after/");
        let extension = Path::new(text).extension().and_then(OsStr::to_str);
        let is_file = (text.contains('/') && !automatic)
            || matches!(extension, Some("sql" | "dump" | "plan"));
        if is_file {
            return Err(Failure::usage(format!("{text} is a file, not a snapshot"))
                .next("Restore it into an empty database and compare that: snapback diff REF db"));
        }
        Ok(match text {
            "db" => Self::Live,
            other => Self::Stored(other.to_owned()),
        })
    }
}

/// A schema and what to call it.
#[derive(Debug)]
pub struct Side {
    /// As the user named it.
    pub given: String,
    /// What it is: a snapshot's name and time, or the database.
    pub described: String,
    /// The name of the database.
    pub database: String,
    /// Its objects.
    pub catalog: Catalog,
    /// What the database has besides them.
    pub beside: Beside,
    /// What it covers.
    scope: Scope,
}

/// What `db` and refs are looked up in. A connection is opened when it is needed, or when the user named a database
/// whose newest snapshot a ref like `@` may mean.
pub struct Sources<'a, H> {
    /// How to reach the database, when one was named.
    pub config: Option<&'a Config>,
    /// Where snapshots are, when one is asked for.
    pub store: Option<&'a Store>,
    /// Whom to ask and to tell.
    pub host: &'a H,
}

impl<H: Host> Sources<'_, H> {
    /// One schema.
    pub async fn one(&self, place: &Place) -> Result<Side, Failure> {
        match place {
            Place::Live => self.live(&Scope::default()).await,
            Place::Stored(given) => {
                let database = self.database().await?;
                self.stored(given, database.as_ref())
            }
        }
    }

    /// Two schemas. What is live is read in the scope of what is stored.
    pub async fn two(&self, old: &Place, new: &Place) -> Result<(Side, Side), Failure> {
        match (old, new) {
            (Place::Live, Place::Live) => {
                Err(Failure::usage("the database is to be compared with itself"))
            }
            (Place::Stored(old), Place::Stored(new)) => {
                let database = self.database().await?;
                self.differing(old, new, database.as_ref())
            }
            (Place::Stored(_), Place::Live) => {
                let old = self.one(old).await?;
                let new = self.live(&old.scope).await?;
                Ok((old, new))
            }
            (Place::Live, Place::Stored(_)) => {
                let new = self.one(new).await?;
                let old = self.live(&new.scope).await?;
                Ok((old, new))
            }
        }
    }

    async fn connect(&self) -> Result<Connection, Failure> {
        let config = self
            .config
            .ok_or_else(|| Failure::usage("`db` needs a database: --database-url"))?;
        session::connect(config, self.host).await
    }

    /// The database that refs are looked up for; `None` when none is named or it is not to be reached.
    async fn database(&self) -> Result<Option<DatabaseId>, Failure> {
        if self.config.is_none() {
            return Ok(None);
        }
        match self.connect().await {
            Ok(mut connection) => Ok(Some(session::database(&mut connection).await?.id())),
            Err(failure) => {
                let words = format!("{}; the whole store is searched", failure.message);
                self.host.note(&words);
                Ok(None)
            }
        }
    }

    /// Where a ref leads.
    fn resolve(
        &self,
        given: &str,
        database: Option<&DatabaseId>,
    ) -> Result<(&Store, Resolved), Failure> {
        let store = self
            .store
            .ok_or_else(|| Failure::usage(format!("{given} needs a store: --store")))?;
        let resolved = store.resolve(given, database, Timestamp::now())?;
        Ok((store, resolved))
    }

    fn stored(&self, given: &str, database: Option<&DatabaseId>) -> Result<Side, Failure> {
        let (store, resolved) = self.resolve(given, database)?;
        let (catalog, manifest) = snapshot::load(store, resolved.id)?;
        Ok(self.side(given, &resolved, catalog, &manifest))
    }

    /// Two snapshots, as far as they differ.
    fn differing(
        &self,
        old: &str,
        new: &str,
        database: Option<&DatabaseId>,
    ) -> Result<(Side, Side), Failure> {
        let (store, before) = self.resolve(old, database)?;
        let (_, after) = self.resolve(new, database)?;
        let [(olds, old_manifest), (news, new_manifest)] =
            difference::load(store, before.id, after.id)?;
        Ok((
            self.side(old, &before, olds, &old_manifest),
            self.side(new, &after, news, &new_manifest),
        ))
    }

    fn side(
        &self,
        given: &str,
        resolved: &Resolved,
        catalog: Catalog,
        manifest: &Manifest,
    ) -> Side {
        let meta = &manifest.meta;
        if resolved.elsewhere {
            let words = format!(
                "{given} is a snapshot of another database, {}",
                meta.database.name
            );
            self.host.note(&words);
        }
        let time = meta.time.strftime("%Y-%m-%d %H:%M:%S UTC");
        Side {
            given: given.to_owned(),
            described: format!("{} of {}, {time}", resolved.id.short(), meta.database.name),
            database: meta.database.name.clone(),
            catalog,
            beside: meta.beside.clone(),
            scope: snapshot::scope(meta),
        }
    }

    async fn live(&self, scope: &Scope) -> Result<Side, Failure> {
        let mut connection = self.connect().await?;
        let reading = session::reading(&mut connection, scope, Within::Nothing, self.host).await?;
        for unmodeled in &reading.unmodeled {
            let words = format!(
                "not modelled by this version, and not compared: {}",
                unmodeled.object
            );
            self.host.warn(&words);
        }
        Ok(Side {
            given: "db".to_owned(),
            described: session::describe(&connection, &reading),
            database: reading.database.name,
            catalog: reading.catalog,
            beside: reading.beside,
            scope: scope.clone(),
        })
    }
}

/// How the SQL of a root object differs.
#[derive(Debug)]
pub struct Change {
    /// The root object.
    pub id: Id,
    /// A unified diff of its canonical SQL.
    pub sql: String,
}

/// How two schemas differ.
#[derive(Debug)]
pub struct Comparison {
    /// Object by object.
    pub diff: Diff,
    /// The SQL of each root object of which something differs, sorted by id.
    pub changes: Vec<Change>,
    /// What the databases have besides their schemas, which does not count.
    pub beside: Vec<Difference>,
}

/// Compares two schemas, but for what the mask leaves out.
pub fn compare(old: &Side, new: &Side, mask: Mask) -> Comparison {
    let (before, after) = (mask.hide(&old.catalog), mask.hide(&new.catalog));
    let diff = diff::compare(&before, &after);
    let roots: BTreeSet<&Id> = diff
        .deltas
        .iter()
        .flat_map(|delta| {
            [
                render::root_of(&before, &delta.id),
                render::root_of(&after, &delta.id),
            ]
        })
        .flatten()
        .collect();
    let changes = roots.into_iter().map(|id| {
        let sql = |catalog| render::object(catalog, id).unwrap_or_default();
        let (old_heading, new_heading) = (
            format!("{id} at {}", old.given),
            format!("{id} at {}", new.given),
        );
        Change {
            id: id.clone(),
            sql: diff::unified(&sql(&before), &sql(&after), &old_heading, &new_heading),
        }
    });
    let changes = changes.filter(|change| !change.sql.is_empty()).collect();
    Comparison {
        diff,
        changes,
        beside: beside::differences(&old.beside, &new.beside, &old.database, mask),
    }
}

/// The objects that a user means: by whole id, or by name without the kind when there is only one of that name.
pub fn find<'a>(side: &'a Side, wanted: &str) -> Result<&'a Id, Failure> {
    let ids = || side.catalog.objects().iter().map(|object| &object.id);
    if let Some(id) = ids().find(|id| id.to_string() == wanted) {
        return Ok(id);
    }
    let named: Vec<&Id> = ids()
        .filter(|id| !id.is_part() && id.sql() == wanted)
        .collect();
    match named.as_slice() {
        [id] => Ok(id),
        [] => {
            let all: Vec<String> = ids().map(Id::to_string).collect();
            let failure = Failure::usage(format!("{} has no {wanted}", side.given));
            Err(match nearest(wanted, all.iter().map(String::as_str)) {
                Some(near) => failure.next(format!("did you mean {near:?}?")),
                None => failure,
            })
        }
        several => {
            let readings: Vec<String> = several
                .iter()
                .map(|id| format!("{:?}", id.to_string()))
                .collect();
            Err(Failure::usage(format!(
                "{wanted} can be {}",
                readings.join(" or ")
            )))
        }
    }
}
