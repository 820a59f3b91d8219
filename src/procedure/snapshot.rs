//! Taking a snapshot, and the way between what was read and what is stored.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::failure::Failure;
use super::host::Host;
use super::secrets;
use super::session;
use crate::catalog::quote;
use crate::catalog::scope::Scope;
use crate::catalog::secret::Secrets;
use crate::catalog::{Catalog, Id, Object, Str, canon, edges};
use crate::connect::Connection;
use crate::introspect::{self, Reading, Within};
use crate::parallel;
use crate::store::{
    Database, Edges, Manifest, Origin, SnapshotData, SnapshotId, SnapshotMeta, Store, StoredObject,
    TableLayout, Written,
};

/// What a snapshot is asked to be.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Its label.
    pub label: Option<String>,
    /// Take the label away from the snapshot that has it.
    pub move_label: bool,
    /// What it covers.
    pub scope: Scope,
    /// Keep passwords and the like, too.
    pub secrets: bool,
    /// Refuse a database with objects that no kind models.
    pub strict: bool,
}

/// Reads the schema into the store, unless it is proven to be what the newest snapshot holds. `beside` is a second
/// connection to the same database; it is best closed after this, since the server has much to let go of then.
pub async fn take(
    connection: &mut Connection,
    beside: Option<&mut Connection>,
    store: &Store,
    request: &Request,
    host: &impl Host,
) -> Result<Written, Failure> {
    let label = request.label.as_ref();
    let taken = label.filter(|_| !request.move_label).cloned();
    let repeated = repeat(connection, store, request, taken.clone(), host).await?;
    let written = match repeated {
        Some(written) => written,
        None => read(connection, beside, store, request, taken, host).await?,
    };
    if let Some(label) = label.filter(|_| request.move_label) {
        let database = written.manifest.meta.database.id();
        store.set_label(&database, label, written.id, true)?;
    }
    Ok(written)
}

/// Writes the newest snapshot again, when the schema is proven to be what it holds.
async fn repeat(
    connection: &mut Connection,
    store: &Store,
    request: &Request,
    label: Option<String>,
    host: &impl Host,
) -> Result<Option<Written>, Failure> {
    let unchanged = unchanged(connection, store, &request.scope, host).await?;
    let Some((earlier, mut meta)) = unchanged else {
        return Ok(None);
    };
    fulfil(connection, request, label, &mut meta).await?;
    let prepared = store.repeat_snapshot(earlier, meta)?;
    Ok(prepared.map(|prepared| prepared.written))
}

/// Reads the schema and writes it.
async fn read(
    connection: &mut Connection,
    beside: Option<&mut Connection>,
    store: &Store,
    request: &Request,
    label: Option<String>,
    host: &impl Host,
) -> Result<Written, Failure> {
    let (scope, within) = (&request.scope, Within::Nothing);
    let reading = session::reading_beside(connection, beside, scope, within, host).await?;
    let (mut meta, data) = parallel::both(
        || describe(&reading, Origin::User),
        || encode(&reading.catalog),
    );
    fulfil(connection, request, label, &mut meta).await?;
    let data = data?;
    // The stored form is all that is needed, and as large again.
    parallel::leave(reading);
    let written = store.write_snapshot(&data, meta)?;
    parallel::leave(data);
    Ok(written)
}

/// The newest snapshot of the database, when the schema is proven to be still the same, and what a repeated one says.
async fn unchanged(
    connection: &mut Connection,
    store: &Store,
    wanted: &Scope,
    host: &impl Host,
) -> Result<Option<(SnapshotId, SnapshotMeta)>, Failure> {
    if store.has_no_snapshot()? {
        return Ok(None);
    }
    let database = session::database(connection).await?;
    let Some((id, manifest)) = store.newest(&database.id())? else {
        return Ok(None);
    };
    if scope(&manifest.meta) != *wanted {
        return Ok(None);
    }
    let canceller = connection.canceller();
    let question = introspect::is_unchanged(connection, &manifest.meta.fingerprint);
    let same = session::with_cancel(&canceller, host.interrupt(), question).await?;
    Ok(same.then(|| {
        let meta = SnapshotMeta {
            time: Timestamp::now(),
            origin: Origin::User,
            ..manifest.meta
        };
        (id, meta)
    }))
}

/// Puts into a manifest what the request wants there; or refuses.
async fn fulfil(
    connection: &mut Connection,
    request: &Request,
    label: Option<String>,
    meta: &mut SnapshotMeta,
) -> Result<(), Failure> {
    if request.strict && !meta.unmodeled.is_empty() {
        let objects = meta.unmodeled.join(", ");
        return Err(Failure::refused(format!(
            "--strict: not modelled by this version: {objects}"
        )));
    }
    meta.label = label;
    meta.secrets = match &meta.redacted {
        redacted if request.secrets && !redacted.is_empty() => {
            secrets::read(connection, redacted).await?
        }
        _ => Secrets::default(),
    };
    Ok(())
}

/// Fewer objects than this are encoded, or decoded, on one thread.
const MANY: usize = 100;

/// The stored form of a catalog.
pub fn encode(catalog: &Catalog) -> Result<SnapshotData, Failure> {
    let texts = edges::Texts::of(catalog);
    let mut trees: Vec<_> = catalog.trees().enumerate().collect();
    // In the order of the store, which then has nothing to sort in each of its trees.
    trees.sort_unstable_by_key(|(number, (_, tree))| {
        let schema = tree.first().map(|root| &*root.id.schema);
        (schema, texts.root(*number))
    });
    let stored = parallel::map(trees, MANY, |(number, tree)| {
        encode_tree(&texts, number, tree, catalog)
    });
    let mut data = SnapshotData::default();
    for stored in stored {
        let (object, edges, layout) = stored?;
        data.objects.push(object);
        data.edges.extend(edges);
        data.layout.extend(layout);
    }
    Ok(data)
}

/// The stored form of a root object with its parts, of what they depend on, and of its column order.
fn encode_tree(
    texts: &edges::Texts<'_>,
    number: usize,
    (start, tree): (usize, &[Object]),
    catalog: &Catalog,
) -> Result<(StoredObject, Option<Edges>, Option<TableLayout>), Failure> {
    let Some((root, parts)) = tree.split_first() else {
        return Err(Failure::bug("a tree of objects without a root"));
    };
    let (schema, id) = (root.id.schema.to_string(), texts.root(number).to_owned());
    let to = texts.edges(number, (start, tree));
    let edges = (!to.is_empty()).then(|| Edges::new(schema.clone(), id.clone(), to));
    let columns = catalog.columns(&root.id);
    let layout = (!columns.is_empty()).then(|| TableLayout {
        schema: schema.clone(),
        table: id.clone(),
        columns: columns.to_vec(),
    });
    let bytes = canon::encode(root, parts).map_err(|error| Failure::bug(error.to_string()))?;
    Ok((StoredObject::canonical(schema, id, bytes), edges, layout))
}

/// A stored snapshot as a catalog.
pub fn load(store: &Store, id: SnapshotId) -> Result<(Catalog, Manifest), Failure> {
    let manifest = store.manifest(id)?;
    let data = store.read_snapshot(id)?;
    let corrupt = |what: &str, error: canon::CanonError| {
        Failure::unreachable(format!("snapshot {id}: {what}: {error}"))
    };
    let decode = |stored: &StoredObject| {
        canon::decode(&stored.bytes).map_err(|error| corrupt(&stored.id, error))
    };
    let trees = parallel::map(data.objects.iter().collect(), MANY, decode);
    let mut objects = Vec::new();
    for tree in trees {
        objects.extend(tree?);
    }
    let stored = data.edges.iter();
    let stored = stored.map(|edges| (edges.from.as_str(), edges.to()));
    let catalog = Catalog::assemble(manifest.meta.server, objects, |objects| {
        Ok((
            edges::decode(objects, stored)?,
            layout(data.layout, objects),
        ))
    });
    let catalog = catalog.map_err(|error| corrupt("dependencies", error))?;
    Ok((catalog, manifest))
}

/// Column order, by table, of those that are there.
fn layout(stored: Vec<TableLayout>, objects: &[Object]) -> BTreeMap<Id, Vec<Str>> {
    let roots = objects.iter().filter(|object| !object.id.is_part());
    let roots = roots.map(|object| (object.id.to_string(), &object.id));
    let tables: BTreeMap<String, &Id> = roots.collect();
    let known = stored.into_iter().filter_map(|table| {
        let id = tables.get(&table.table)?;
        Some(((*id).clone(), table.columns))
    });
    known.collect()
}

/// What the manifest says besides the hashes.
pub fn describe(reading: &Reading, origin: Origin) -> SnapshotMeta {
    let catalog = &reading.catalog;
    let mut meta = SnapshotMeta::new(
        Timestamp::now(),
        origin,
        database(reading),
        catalog.version(),
    );
    let Scope {
        include,
        exclude,
        exclude_roles,
    } = reading.scope.clone();
    meta.scope = crate::store::Scope {
        schemas: include,
        exclude,
        exclude_roles,
    };
    let secret = catalog.objects().iter();
    let secret = secret.filter(|object| object.body.keeps_secret());
    meta.redacted = secret.map(|object| object.id.to_string()).collect();
    if reading.beside.keeps_secret() {
        let name = quote::ident(&reading.database.name);
        meta.redacted.push(format!("database {name}"));
    }
    meta.beside.clone_from(&reading.beside);
    for (kind, count) in catalog.counts() {
        meta.counts.insert(kind.label().to_owned(), count as u64);
    }
    meta.unmodeled = reading
        .unmodeled
        .iter()
        .map(|found| found.object.clone())
        .collect();
    meta.invalid_indexes.clone_from(&reading.invalid_indexes);
    meta.fingerprint.clone_from(&reading.fingerprint);
    meta.roles = roles(catalog).into_iter().map(str::to_owned).collect();
    let tablespaces = tablespaces(catalog).into_iter();
    meta.tablespaces = tablespaces.map(str::to_owned).collect();
    meta.extensions = catalog
        .objects()
        .iter()
        .filter(|object| object.id.kind.label() == "extension")
        .map(|object| object.id.name.to_string())
        .collect();
    meta
}

/// What a stored snapshot covers.
pub fn scope(meta: &SnapshotMeta) -> Scope {
    let crate::store::Scope {
        schemas,
        exclude,
        exclude_roles,
    } = meta.scope.clone();
    Scope {
        include: schemas,
        exclude,
        exclude_roles,
    }
}

/// The database as the store names it.
pub fn database(reading: &Reading) -> Database {
    Database {
        system: reading.database.system.parse().unwrap_or_default(),
        oid: reading.database.oid,
        name: reading.database.name.clone(),
    }
}

/// All tablespaces that a catalog names.
pub fn tablespaces(catalog: &Catalog) -> BTreeSet<&str> {
    let objects = catalog.objects().iter();
    let named = objects.filter_map(|object| object.body.tablespace());
    named.filter(|name| !name.is_empty()).collect()
}

/// All roles that a catalog names: owners, grantees, grantors, those of policies. PUBLIC is none.
pub fn roles(catalog: &Catalog) -> BTreeSet<&str> {
    let mut roles = BTreeSet::new();
    // Most belong to the same role, parts to none.
    let mut last = "";
    for object in catalog.objects() {
        let owner = object.meta.owner.as_str();
        if owner != last && !owner.is_empty() {
            roles.insert(owner);
            last = owner;
        }
        for grant in object.meta.acl.iter().flatten() {
            roles.extend([grant.grantee.as_str(), grant.grantor.as_str()]);
        }
        roles.extend(object.body.roles());
    }
    roles.remove("");
    roles
}
